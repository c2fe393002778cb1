// All services that a chaos run can be done to, in the order of its table.

public enum WorkerServices {
    public static let all: [any WorkerService] = [
        RedisWorkers(), NATSWorkers(), RabbitMQWorkers(), FlaskWorkers(), GrpcWorkers(), EtcdWorkers(),
    ]

    public static func named(_ name: String) -> (any WorkerService)? { all.first { $0.name == name } }
}
