import Ringmaster

struct Account: KeyedState {
    var balance = 0
}

let worker = Worker(cluster: try Endpoint(CommandLine.arguments[1]))
worker.handle("deposit", state: Account.self) { (account: inout Account, amount: Int, job: Job) in
    account.balance += amount
    return account.balance
}
try await worker.run()
