import Hypercore

/// A demand's target as JSON (docs/control-api.md).
enum DemandCode {
    /// The members for a target.
    static func json(_ target: Demand.Target) -> JSONValue {
        switch target {
        case .blocks(let range): ["blocks": json(range)]
        case .list(let blocks): ["list": .array(blocks.map { .number($0) })]
        case .byte(let offset, let range): ["byte": .number(offset), "within": json(range)]
        case .length(let atLeast): ["length": .number(atLeast)]
        }
    }

    /// The same in words, for the log.
    static func text(_ target: Demand.Target) -> String {
        switch target {
        case .blocks(let range) where range.count <= 1: "block \(range.lowerBound)"
        case .blocks(let range): "blocks \(range.lowerBound) to \(range.upperBound - 1)"
        case .list(let blocks): "\(blocks.count) blocks"
        case .byte(let offset, _): "the place of byte \(offset)"
        case .length(let atLeast): "a length of \(atLeast)"
        }
    }

    static func json(_ range: Range<UInt64>) -> JSONValue {
        .array([.number(range.lowerBound), .number(range.upperBound)])
    }

    /// The target in a request's body; nil for none, and for one that cannot be.
    static func target(of body: JSONValue) -> Demand.Target? {
        if let blocks = body["blocks"] { return range(blocks).map { .blocks($0) } }
        if let list = body["list"]?.array {
            let blocks = list.compactMap(number)
            return blocks.count == list.count ? .list(blocks) : nil
        }
        if let offset = body["byte"].flatMap(number), let within = body["within"].flatMap(range) {
            return .byte(offset, within: within)
        }
        return body["length"].flatMap(number).map { .length(atLeast: $0) }
    }

    /// nil for what no feed has.
    private static func number(_ json: JSONValue) -> UInt64? {
        json.number.flatMap { $0 <= Limits.controlNumberMax ? $0 : nil }
    }

    /// Begin and end.
    static func range(_ json: JSONValue) -> Range<UInt64>? {
        guard let ends = json.array?.compactMap(number), ends.count == 2, ends[0] <= ends[1]
        else {
            return nil
        }
        return ends[0]..<ends[1]
    }
}
