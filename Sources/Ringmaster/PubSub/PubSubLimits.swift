// The limits of this folder.

import CShim

extension Limits {
    /// Bytes of a topic: those of a method's name, as a publication is a notification.
    public static let topicBytesMax = Int(RM_METHOD_LENGTH_MAX)
    /// Different subscriptions whose topics a publisher repeats. Those beyond get publications, but no repeats.
    public static let subscriptionsMax = 65_536
    /// The shortest time between two answers to new subscriptions: a peer that subscribes without end must not make a
    /// publisher send everything without end.
    static let snapshotInterval = Duration.milliseconds(10)
}
