/// A parser or a state machine under hostile input. It may throw whatever it likes; it must not
/// crash, hang, take unbounded memory, or break a rule that `check` names.
struct FuzzTarget: Sendable {
    let name: String
    /// Good inputs to start from.
    let seeds: @Sendable () throws -> [[UInt8]]
    private let body: @Sendable (inout FuzzInput) throws -> Void

    init(
        _ name: String, seeds: @escaping @Sendable () throws -> [[UInt8]] = { [] },
        body: @escaping @Sendable (inout FuzzInput) throws -> Void
    ) {
        self.name = name
        self.seeds = seeds
        self.body = body
    }

    func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        // Refusing hostile input is what the code is for.
        do { try body(&input) } catch {}
    }

    func run(_ bytes: [UInt8]) { bytes.withUnsafeBytes { run($0) } }

    static let all: [FuzzTarget] =
        cryptoTargets + feedTargets + sessionTargets + trieTargets + driveTargets
        + dhtTargets + mainlineTargets + lanTargets + utpTargets + relayTargets

    static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A rule that no input may break; libFuzzer keeps the input that does.
func check(_ isKept: Bool, _ rule: String) {
    precondition(isKept, rule)
}
