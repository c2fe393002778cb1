import Ringmaster

let client = try await RPCClient(Endpoint(CommandLine.arguments[1]))
let sum: Int = try await client.call("add", 2, 3)
let bytes = try await client.call("echo", payload: [1, 2, 3], options: .idempotent())
print("2 + 3 = \(sum), echo \(bytes)")
await client.close()
