// Two threads count without a lock. `make sanitize` proves with it that the thread sanitizer is
// armed: this program must not end well. No target contains this file.

import Foundation

/// `@unchecked Sendable` is the planted lie: nothing protects the number.
final class Counter: @unchecked Sendable {
    var number = 0
}

let counter = Counter()
let done = DispatchSemaphore(value: 0)
for _ in 0..<2 {
    Thread.detachNewThread {
        for _ in 0..<1000 { counter.number += 1 }
        done.signal()
    }
}
for _ in 0..<2 { done.wait() }
print(counter.number)
