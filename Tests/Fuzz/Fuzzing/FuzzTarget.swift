// What is fuzzed: something that takes bytes from outside, and what it promises whatever they are.

/// A promise that an input has broken.
public struct BrokenPromise: Error {
    public let promise: String

    init(_ promise: String) {
        self.promise = promise
    }
}

/// Reads inputs. Confined to one thread.
protocol FuzzTarget: AnyObject {
    var name: StaticString { get }
    /// Inputs that are well formed, or nearly.
    var seeds: [[UInt8]] { get }
    /// Another input that is well formed, for targets that can make them.
    func make(_ random: inout SplitMix64) -> [UInt8]?
    /// Reads an input and says what became of it, in few different words.
    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String
}

extension FuzzTarget {
    func make(_ random: inout SplitMix64) -> [UInt8]? { nil }

    /// A well-formed input.
    func base(_ random: inout SplitMix64) -> [UInt8] {
        if random.oneIn(2), let made = make(&random) { return made }
        return random.pick(seeds)
    }
}

/// Throws where a promise does not hold.
@inline(__always)
func promise(_ text: @autoclosure () -> String, _ holds: Bool) throws(BrokenPromise) {
    guard holds else { throw BrokenPromise(text()) }
}
