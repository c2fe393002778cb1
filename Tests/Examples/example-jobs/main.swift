import Ringmaster

let client = try await Client(cluster: Endpoint(CommandLine.arguments[1]))
for amount in [5, 7] {
    let balance: Int = try await client.submit("deposit", key: "alice", amount)
    print("alice has \(balance)")
}
await client.close()
