/// Extension names in the order that gives them their numbers: UTF-16 code units, as the reference
/// sorts them (docs/spec/hypercore.md section 11.9).
struct ExtensionList: Equatable {
    private(set) var names: [String] = []

    init() {}

    /// Our own names: sorted here, doubles dropped.
    init(sorting names: [String]) {
        precondition(
            names.count <= SessionLimits.extensionNames
                && names.allSatisfy { $0.utf8.count <= SessionLimits.extensionNameBytes },
            "peers refuse longer lists and names")
        for name in names.sorted(by: Self.precedes)
        where self.names.last.map({ Self.precedes($0, name) }) ?? true {
            self.names.append(name)
        }
    }

    /// A remote's names. The decoder has seen to it that they are UTF-8.
    init(remote names: [String]) throws(SessionError) {
        guard zip(names, names.dropFirst()).allSatisfy(Self.precedes) else {
            throw .message("the extension names of a peer are not sorted")
        }
        self.names = names
    }

    /// The bounds on a remote's list.
    static func checked(_ names: [String]) throws(SessionError) -> [String] {
        guard names.count <= SessionLimits.extensionNames,
            names.allSatisfy({ $0.utf8.count <= SessionLimits.extensionNameBytes })
        else { throw .message("a list of extension names is too long") }
        return names
    }

    var isEmpty: Bool { names.isEmpty }

    func name(_ number: UInt64) -> String? {
        number < UInt64(names.count) ? names[Int(number)] : nil
    }

    func number(of name: String) -> UInt64? {
        names.firstIndex { $0.utf8.elementsEqual(name.utf8) }.map { UInt64($0) }
    }

    /// By code units. Swift's own `<` compares what a person would see, which is another order.
    private static func precedes(_ a: String, _ b: String) -> Bool {
        a.utf16.lexicographicallyPrecedes(b.utf16)
    }
}
