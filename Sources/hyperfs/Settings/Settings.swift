import Foundation
import Node

/// Options that were not typed: those of the environment, which win over those of the config
/// file. They are put behind the verb as if they had been.
struct Settings {
    /// A config file of garbage is not read to its end.
    static let fileBytesMax = 1 << 20

    /// Where a setting comes from.
    enum Origin: Equatable {
        case environment(String)
        case file(String, line: Int)

        var text: String {
            switch self {
            case .environment(let name): "$\(name)"
            case .file(let path, 0): path
            case .file(let path, let line): "\(path), line \(line)"
            }
        }
    }

    /// One option that is set.
    struct Setting: Equatable {
        let key: String
        let value: ConfigFile.Value
        let origin: Origin
        /// As the argument parser wants them; none for a flag that is off.
        let arguments: [String]
    }

    /// Options that exclude others: what is typed wins over what is set.
    private static let rivals = ["offline": ["peer", "listen"]]

    private let verbs: VerbTable
    private let file: ConfigFile?
    private let environment: [String: String]

    /// Throws NodeError `.usage` for a file that names what there is not.
    init(
        _ verbs: VerbTable, file: ConfigFile?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        self.verbs = verbs
        self.file = file
        self.environment = environment
        for entry in file?.entries ?? [] { try check(entry) }
    }

    /// Whether there can be any, before any command is described.
    static func mayExist(environment: [String: String]) -> Bool {
        environment.keys.contains { $0.hasPrefix("HYPERFS_") && $0 != "HYPERFS_STORE" }
            || ConfigFile.paths.contains { access($0, F_OK) == 0 }
    }

    /// What is set for a verb, by name.
    func settings(of verb: String) throws -> [Setting] {
        let options = try verbs.options(of: verb) ?? [:]
        return try options.keys.sorted().compactMap { key in
            guard let option = options[key] else { return nil }
            return try environmentSetting(option) ?? fileSetting(option, verb)
        }
    }

    /// What is set for a verb and was not typed otherwise.
    func settings(of verb: String, besides arguments: [String]) throws -> [Setting] {
        let typed = Self.typed(arguments, try verbs.options(of: verb) ?? [:])
        return try settings(of: verb).filter { setting in
            if typed.contains(setting.key) { return false }
            let isRival = Self.rivals.contains { key, others in
                (setting.key == key && !typed.isDisjoint(with: others))
                    || (typed.contains(key) && others.contains(setting.key))
            }
            return !isRival
        }
    }

    private func environmentSetting(_ option: ToolDescription.Argument) throws -> Setting? {
        let name = Self.variable(option.key)
        guard let text = environment[name], !text.isEmpty else { return nil }
        let origin = Origin.environment(name)
        if option.kind == .flag {
            let isOn = !["0", "false", "no"].contains(text.lowercased())
            return try setting(option, .flag(isOn), origin)
        }
        let words =
            option.isRepeating
            ? text.split { $0 == "," || $0.isWhitespace }.map(String.init) : [text]
        return try setting(option, .words(words), origin)
    }

    private func fileSetting(
        _ option: ToolDescription.Argument, _ verb: String
    ) throws -> Setting? {
        guard let file else { return nil }
        let named = file.entries.filter { $0.key == option.key }
        let entry = named.first { $0.section == verb } ?? named.first { $0.section == nil }
        return try entry.map {
            try setting(option, $0.value, .file(file.path, line: $0.line))
        }
    }

    private func setting(
        _ option: ToolDescription.Argument, _ value: ConfigFile.Value, _ origin: Origin
    ) throws -> Setting {
        let name = option.preferredName?.text ?? "--" + option.key
        let arguments: [String]
        switch (option.kind, value) {
        case (.flag, .flag(let isOn)): arguments = isOn ? [name] : []
        case (.flag, .words):
            throw NodeError(
                .usage, "\(origin.text): '\(option.key)' is a switch", hint: "write true or false")
        case (_, .flag):
            throw NodeError(
                .usage, "\(origin.text): '\(option.key)' wants a value, not true or false",
                hint: "write \(option.key) = \"\(option.valueName ?? "value")\"")
        case (_, .words(let words)) where words.count > 1 && !option.isRepeating:
            throw NodeError(
                .usage, "\(origin.text): '\(option.key)' takes one value, not a list",
                hint: "write \(option.key) = \"\(option.valueName ?? "value")\"")
        case (_, .words(let words)):
            arguments = words.flatMap { name.hasPrefix("--") ? ["\(name)=\($0)"] : [name, $0] }
        }
        return Setting(key: option.key, value: value, origin: origin, arguments: arguments)
    }

    /// The environment variable of an option.
    static func variable(_ key: String) -> String {
        "HYPERFS_" + key.uppercased().replacingOccurrences(of: "-", with: "_")
    }

    /// The options among what was typed.
    private static func typed(
        _ arguments: [String], _ options: [String: ToolDescription.Argument]
    ) -> Set<String> {
        var keys: [String: String] = [:]
        for option in options.values {
            for name in option.names ?? [] { keys[name.text] = option.key }
        }
        var typed: Set<String> = []
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") {
            let names =
                argument.hasPrefix("--")
                ? [String(argument.prefix { $0 != "=" })]
                : argument.dropFirst().map { "-\($0)" }
            typed.formUnion(names.compactMap { keys[$0] })
        }
        return typed
    }

    private func check(_ entry: ConfigFile.Entry) throws {
        let path = file?.path ?? ""
        let place = entry.line > 0 ? "\(path), line \(entry.line)" : path
        guard let section = entry.section else {
            if try verbs.hasOption(entry.key) { return }
            throw Self.unknown(entry.key, try verbs.allKeys(), place)
        }
        guard let options = try verbs.options(of: section) else {
            throw NodeError(
                .usage, "\(place): there is no command '\(section)' for [\(section)]",
                hint: "commands: " + verbs.names.sorted().joined(separator: ", "))
        }
        guard options[entry.key] == nil else { return }
        throw Self.unknown(entry.key, Set(options.keys), place, of: " of '\(section)'")
    }

    private static func unknown(
        _ key: String, _ known: Set<String>, _ place: String, of scope: String = ""
    ) -> NodeError {
        NodeError(
            .usage, "\(place): '\(key)' is no option\(scope)\(guess(key, known))",
            hint: "known: " + known.sorted().joined(separator: ", "))
    }

    /// The nearest name, if one is near.
    private static func guess(_ word: String, _ known: Set<String>) -> String {
        let near = known.sorted().map { ($0, distance(word, $0)) }.min { $0.1 < $1.1 }
        guard let near, near.1 <= 2 else { return "" }
        return "; did you mean '\(near.0)'?"
    }

    /// Letters to change, add and remove.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var corner = row[0]
            row[0] = index + 1
            for column in other.indices {
                let above = row[column + 1]
                row[column + 1] = min(
                    corner + (letter == other[column] ? 0 : 1), above + 1, row[column] + 1)
                corner = above
            }
        }
        return row[other.count]
    }
}
