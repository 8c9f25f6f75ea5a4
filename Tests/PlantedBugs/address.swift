// Writes behind the end of its memory. `make sanitize` proves with it that the address sanitizer
// is armed: this program must not end well. No target contains this file.

let count = CommandLine.arguments.count
let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
memory[count] = 1
print(memory[count])
