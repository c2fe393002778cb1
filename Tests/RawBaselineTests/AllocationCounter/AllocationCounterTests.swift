// The counter of allocations, each test in a process of its own: other tests allocate, too.

import AllocationCounter
import Glibc
import Testing

@Suite(.enabled(if: rm_allocations_are_counted(), "this build leaves the allocator alone"))
struct AllocationCounterTests {
    @Test func knownAllocationsAreCountedExactly() async {
        await #expect(processExitsWith: .success) {
            typealias Memalign = @convention(c) (Int, Int) -> UnsafeMutableRawPointer?
            let memalign = unsafeBitCast(symbol("memalign"), to: Memalign.self)
            let counted = counting {
                keep(malloc(10))
                keep(calloc(3, 5))
                keep(realloc(nil, 7))
                keep(realloc(malloc(8), 5000))
                keep(aligned_alloc(64, 128))
                keep(memalign(64, 128))
                var aligned: UnsafeMutableRawPointer?
                posix_memalign(&aligned, 256, 1000)
                keep(aligned)
            }
            expectEqual(counted.own, 8)
            expectEqual(counted.transport, 0)
        }
    }

    @Test func freeingCountsNothing() async {
        await #expect(processExitsWith: .success) {
            let small = malloc(10)
            let large = malloc(1_000_000)
            let counted = counting {
                free(small)
                free(large)
                free(nil)
            }
            expectEqual(counted.own, 0)
        }
    }

    @Test func nothingIsCountedWhileCountingIsOff() async {
        await #expect(processExitsWith: .success) {
            keep(malloc(1))
            expectEqual(counting {}.own, 0)
            let before = rm_allocations_read()
            for _ in 0..<1000 { keep(malloc(10)) }
            expectEqual(rm_allocations_read().own, before.own)
        }
    }

    @Test func allocationsOfLibzmqAreTheTransports() async {
        await #expect(processExitsWith: .success) {
            // A message beyond the inline size has its bytes on the heap: one malloc by libzmq.
            typealias InitSize = @convention(c) (UnsafeMutableRawPointer?, Int) -> Int32
            let initSize = unsafeBitCast(symbol("zmq_msg_init_size"), to: InitSize.self)
            let message = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
            let counted = counting {
                for _ in 0..<10 { expectEqual(initSize(message, 1000), 0) }
            }
            expectEqual(counted.transport, 10)
            expectEqual(counted.own, 0)
        }
    }

    @Test func operatorNewCountsForWhoeverCallsIt() async {
        await #expect(processExitsWith: .success) {
            typealias New = @convention(c) (Int) -> UnsafeMutableRawPointer?
            typealias AlignedNew = @convention(c) (Int, Int) -> UnsafeMutableRawPointer?
            let new = unsafeBitCast(symbol("_Znwm"), to: New.self)
            let alignedNew = unsafeBitCast(symbol("_ZnwmSt11align_val_t"), to: AlignedNew.self)
            let counted = counting {
                keep(new(10))
                keep(new(0))
                keep(alignedNew(100, 64))
            }
            expectEqual(counted.own, 3)
            expectEqual(counted.transport, 0)
        }
    }

    @Test func allThreadsAreCountedAndThoseThatEndedToo() async {
        await #expect(processExitsWith: .success) {
            // More threads than have counts of their own. Each counts only while it allocates, as starting one does too.
            for _ in 0..<1100 {
                onThread {
                    rm_allocations_enable()
                    keep(malloc(10))
                    keep(malloc(10))
                    rm_allocations_disable()
                }
            }
            expectEqual(rm_allocations_read().own, 2200)
        }
    }

    @Test func memoryIsAsTheStandardSaysIt() async {
        await #expect(processExitsWith: .success) {
            _ = counting {
                for alignment in [8, 16, 64, 4096] {
                    var memory: UnsafeMutableRawPointer?
                    expectEqual(posix_memalign(&memory, alignment, 100), 0)
                    expectEqual(Int(bitPattern: memory) % alignment, 0)
                    expectEqual(Int(bitPattern: aligned_alloc(alignment, alignment)) % alignment, 0)
                    free(memory)
                }
                var memory: UnsafeMutableRawPointer?
                expectEqual(posix_memalign(&memory, 3, 100), EINVAL)
                expectEqual(posix_memalign(&memory, 24, 100), EINVAL)
                let zeros = calloc(1000, 8)
                expectEqual((0..<1000).allSatisfy { zeros?.load(fromByteOffset: $0 * 8, as: UInt64.self) == 0 }, true)
                keep(calloc(Int.max, 8))  // the size of which overflows
                expectEqual(kept == nil, true)
                let grown = realloc(zeros, 100_000)
                expectEqual((0..<1000).allSatisfy { grown?.load(fromByteOffset: $0 * 8, as: UInt64.self) == 0 }, true)
                free(grown)
            }
        }
    }

    @Test func theTraceTellsWhereAnAllocationCameFrom() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) {
            setenv("RM_ALLOCATION_TRACE", "2", 1)
            _ = counting {
                for _ in 0..<5 { keep(malloc(10)) }
            }
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.filter { $0 == "allocation" }.count == 2)
        // The frame under the heading is whoever called malloc, in this executable.
        let first = try #require(lines.firstIndex(of: "allocation"))
        let caller = lines[lines.index(after: first)]
        #expect(caller.contains("ringmasterPackageTests.xctest+0x"))
        #expect(!caller.hasSuffix(" malloc"))
    }
}

/// What was counted while `body` ran.
private func counting(_ body: () -> Void) -> rm_allocation_counts {
    let before = rm_allocations_read()
    rm_allocations_enable()
    body()
    rm_allocations_disable()
    let after = rm_allocations_read()
    return rm_allocation_counts(own: after.own - before.own, transport: after.transport - before.transport)
}

nonisolated(unsafe) private var kept: UnsafeMutableRawPointer?

/// Takes a block, so that no compiler leaves its allocation out.
@inline(never)
private func keep(_ memory: UnsafeMutableRawPointer?) {
    kept = memory
}

/// In a process of its own a failed check ends it: that is what the test sees.
private func expectEqual<Value: Equatable>(_ value: Value, _ expected: Value, line: Int = #line) {
    if value != expected {
        let text = Array("line \(line): \(value) is not \(expected)\n".utf8)
        write(STDERR_FILENO, text, text.count)
        exit(1)
    }
}

private func symbol(_ name: String) -> UnsafeMutableRawPointer {
    guard let symbol = dlsym(nil, name) else { fatalError("no \(name) in this process") }
    return symbol
}

/// Runs `body` on a thread that ends before this returns.
private func onThread(_ body: @convention(c) () -> Void) {
    var thread = pthread_t()
    let argument = unsafeBitCast(body, to: UnsafeMutableRawPointer.self)
    pthread_create(
        &thread,
        nil,
        { argument in
            unsafeBitCast(argument, to: (@convention(c) () -> Void).self)()
            return nil
        },
        argument
    )
    pthread_join(thread, nil)
}
