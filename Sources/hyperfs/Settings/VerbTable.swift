import ArgumentParser

/// The verbs and what each takes, described when somebody asks: one costs less than a
/// millisecond, all of them as much as a command may take to start.
final class VerbTable {
    /// Those that a user may know of, in the order of `hyperfs --help`.
    let names: [String]

    private let types: [String: any ParsableCommand.Type]
    private var described: [String: ToolDescription.Command] = [:]
    private var options: [String: [String: ToolDescription.Argument]] = [:]

    /// Describes nothing yet.
    init() {
        let shown = Hyperfs.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        names = shown.map { $0._commandName }
        types = Dictionary(shown.map { ($0._commandName, $0) }) { first, _ in first }
    }

    /// How many were described so far.
    var describedCount: Int { described.count }

    /// The verb that a word means, be it an alias.
    static func name(of word: String) -> String? {
        Hyperfs.configuration.subcommands.first {
            $0._commandName == word || $0.configuration.aliases.contains(word)
        }?._commandName
    }

    /// What a verb is and takes; nil: there is none of that name. Throws when the parser has
    /// changed its form.
    func command(_ name: String) throws -> ToolDescription.Command? {
        if let known = described[name] { return known }
        guard let type = types[name] else { return nil }
        let command = try ToolDescription.load(type).command
        described[name] = command
        return command
    }

    /// The options of a verb and of the verbs below it, by their keys.
    func options(of name: String) throws -> [String: ToolDescription.Argument]? {
        if let known = options[name] { return known }
        let found = try command(name)?.options
        options[name] = found
        return found
    }

    /// Whether any verb has an option. Those that are described already are asked first.
    func hasOption(_ key: String) throws -> Bool {
        if options.values.contains(where: { $0[key] != nil }) { return true }
        for name in names where options[name] == nil {
            if try options(of: name)?[key] != nil { return true }
        }
        return false
    }

    /// Every option of every verb: for a message only.
    func allKeys() throws -> Set<String> {
        Set(try names.flatMap { try options(of: $0)?.keys.sorted() ?? [] })
    }
}
