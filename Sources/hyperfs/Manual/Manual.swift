/// All manual pages, made from the definitions of the commands, and of the words that those do
/// not have.
struct Manual {
    private let tool: ToolDescription

    init(_ tool: ToolDescription) { self.tool = tool }

    /// The overview, a page for each verb, the config file, the mount(8) helper.
    var pages: [ManualPage] {
        [overview] + tool.command.verbs.map(page) + [configFile, mountHelper]
    }

    private var overview: ManualPage {
        var page = ManualPage("hyperfs", section: 1, purpose: "peer-to-peer file system")
        page.synopsis([
            ManualPage.bold("hyperfs"), ManualPage.italic("command"), "[options] [arguments]",
        ])
        page.heading("description")
        page.text(ManualText.overview)
        page.heading("commands")
        for verb in tool.command.verbs {
            page.item(
                verb.commandName, (verb.abstract ?? "") + " See hyperfs-\(verb.commandName)(1).")
        }
        page.heading("drives and paths")
        page.text(ManualText.references)
        common(&page)
        return page
    }

    private func page(_ verb: ToolDescription.Command) -> ManualPage {
        var page = ManualPage(
            "hyperfs-\(verb.commandName)", section: 1, purpose: Self.purpose(verb.abstract))
        var synopsis = [ManualPage.bold("hyperfs \(verb.commandName)")]
        if !verb.verbs.isEmpty { synopsis.append(ManualPage.italic("action")) }
        let arguments = verb.shownArguments
        if arguments.contains(where: { $0.kind != .positional }) { synopsis.append("[options]") }
        for argument in arguments where argument.kind == .positional {
            let name = ManualPage.italic(argument.key) + (argument.isRepeating ? " ..." : "")
            synopsis.append(argument.isOptional ? "[\(name)]" : name)
        }
        page.synopsis(synopsis)
        page.heading("description")
        page.text(Self.sentence(verb.abstract ?? ""))
        if let discussion = verb.discussion, !discussion.isEmpty { page.text(discussion) }
        list(verb.verbs.isEmpty ? arguments : [], on: &page)
        for action in verb.verbs {
            page.heading(action.commandName)
            page.text(Self.sentence(action.abstract ?? ""))
            if let discussion = action.discussion, !discussion.isEmpty { page.text(discussion) }
            items(action.shownArguments, on: &page)
        }
        if let example = ManualText.examples[verb.commandName] {
            page.heading("examples")
            page.text(example)
        }
        common(&page)
        return page
    }

    private func list(_ arguments: [ToolDescription.Argument], on page: inout ManualPage) {
        let positional = arguments.filter { $0.kind == .positional }
        let options = arguments.filter { $0.kind != .positional }
        if !positional.isEmpty { page.heading("arguments") }
        items(positional, on: &page)
        if !options.isEmpty { page.heading("options") }
        items(options, on: &page)
    }

    private func items(_ arguments: [ToolDescription.Argument], on page: inout ManualPage) {
        for argument in arguments {
            let names = (argument.names ?? []).map(\.text).sorted { $0.count < $1.count }
            let words = [argument.abstract, argument.discussion].compactMap { $0 }
            page.item(
                argument.kind == .positional ? argument.key : names.joined(separator: ", "),
                value: argument.kind == .option ? argument.valueName : nil,
                words.joined(separator: " "))
        }
    }

    private func common(_ page: inout ManualPage) {
        page.heading("exit status")
        for (code, meaning) in ManualText.exitCodes { page.item(code, meaning) }
        page.heading("environment")
        for (name, meaning) in ManualText.environment { page.item(name, meaning) }
        page.heading("files")
        for (name, meaning) in ManualText.files { page.item(name, meaning) }
        page.heading("see also")
        page.text("hyperfs(1), hyperfs.toml(5), mount.hyperfs(8), fusermount3(1), fstab(5)")
    }

    private var configFile: ManualPage {
        var page = ManualPage("hyperfs.toml", section: 5, purpose: "config file of hyperfs")
        page.heading("description")
        page.text(ManualText.configFile)
        page.heading("names")
        let verbs = tool.command.verbs.map { ($0.commandName, $0.options) }
        let options = Dictionary(verbs) { first, _ in first }
        for key in Set(options.values.flatMap(\.keys)).sorted() {
            let verbs = options.keys.sorted().filter { options[$0]?[key] != nil }
            guard let option = verbs.first.flatMap({ options[$0]?[key] }) else { continue }
            let isShared = verbs.count == options.count
            let scope = isShared ? "every command" : verbs.joined(separator: ", ")
            page.item(
                key, value: option.kind == .flag ? "true|false" : option.valueName,
                "\(option.abstract ?? "") For: \(scope).")
        }
        page.heading("examples")
        page.text(ManualText.configExample)
        page.heading("see also")
        page.text("hyperfs(1), hyperfs-config(1)")
        return page
    }

    private var mountHelper: ManualPage {
        var page = ManualPage(
            "mount.hyperfs", section: 8, purpose: "mount a hyperfs drive by mount(8) and fstab(5)")
        page.synopsis([
            ManualPage.bold("mount.hyperfs"), ManualPage.italic("drive"),
            ManualPage.italic("folder"), "[\\fB\\-sfnv\\fR]", "[\\fB\\-o\\fR \\fIoptions\\fR]",
        ])
        page.heading("description")
        page.text(ManualText.mountHelper)
        page.heading("exit status")
        for (code, meaning) in ManualText.mountExitCodes { page.item(code, meaning) }
        page.heading("see also")
        page.text("hyperfs-mount(1), mount(8), fstab(5), systemd.automount(5)")
        return page
    }

    /// For the NAME line: no full stop, and small, but for names.
    private static func purpose(_ abstract: String?) -> String {
        let text = abstract ?? ""
        let bare = text.hasSuffix(".") ? String(text.dropLast()) : text
        return bare.prefix(1).lowercased() + bare.dropFirst()
    }

    private static func sentence(_ text: String) -> String {
        text.hasSuffix(".") || text.isEmpty ? text : text + "."
    }
}
