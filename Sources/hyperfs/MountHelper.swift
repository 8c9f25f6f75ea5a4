import ArgumentParser
import Glibc
import Node

/// The same binary as `mount.hyperfs` or `mount.fuse.hyperfs`: what mount(8) calls, with its
/// arguments and its exit codes (docs: mount.hyperfs(8)).
struct MountHelper: Equatable {
    /// For the parser: `mount` with long options.
    private(set) var arguments: [String]
    /// `mount -f`: all but the mount itself.
    private(set) var isFake = false

    /// What mount(8) makes of its helper's end.
    enum Status {
        static let usage: Int32 = 1
        static let system: Int32 = 2
        static let interrupted: Int32 = 8
        static let failed: Int32 = 32
    }

    /// Whether the command was called by one of the helper's names.
    static func isMeant(by path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name == "mount.hyperfs" || name == "mount.fuse.hyperfs"
    }

    /// `SPEC DIR [-sfnv] [-N ns] [-o options] [-t type]`. Throws NodeError `.usage`.
    init(_ given: [String], mount: [String: ToolDescription.Argument]) throws {
        var places: [String] = []
        var options: [String] = []
        var flags: Set<Character> = []
        var rest = given[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word != "-" else {
                places.append(word)
                continue
            }
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                guard "oNt".contains(letter) else {
                    flags.insert(letter)
                    continue
                }
                guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                    throw Self.usage("-\(letter) wants a value")
                }
                if letter == "o" { options.append(value) }
                if letter == "N" { throw Self.usage("-N: no mounting in another namespace") }
                letters = ""
            }
        }
        if let unknown = flags.subtracting("sfnv").min() {
            throw Self.usage("-\(unknown) is no option of mount(8)'s helpers")
        }
        guard places.count == 2 else { throw Self.usage("a drive and a folder are wanted") }
        isFake = flags.contains("f")
        let expanded = try Self.expand(options, mount, isSloppy: flags.contains("s"))
        arguments =
            ["mount"] + (flags.contains("v") ? ["--verbose"] : []) + expanded + ["--"] + places
    }

    /// Options of ours become long options, those of the kernel stay.
    private static func expand(
        _ texts: [String], _ mount: [String: ToolDescription.Argument], isSloppy: Bool
    ) throws -> [String] {
        var result: [String] = []
        for option in texts.flatMap(MountOptionList.split) where !option.isEmpty {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0]).replacing("_", with: "-")
            if let known = mount[key], known.kind == (parts.count == 2 ? .option : .flag) {
                result.append("--\(key)" + (parts.count == 2 ? "=\(parts[1])" : ""))
            } else {
                do {
                    let list = try MountOptionList([option.replacing(",", with: "\\,")])
                    result += list.kernel.flatMap { ["-o", $0] }
                } catch  where isSloppy {
                    continue
                } catch {
                    throw usage("-o \(option): no such mount option")
                }
            }
        }
        return result
    }

    private static func usage(_ message: String) -> NodeError {
        NodeError(
            .usage, message,
            hint: "mount.hyperfs DRIVE FOLDER [-sfnv] [-o options]; see 'man mount.hyperfs'")
    }

    /// The exit code for a failure.
    static func status(of error: NodeError) -> Int32 {
        switch error.code {
        case .usage: Status.usage
        case .failed: Status.system
        default: Status.failed
        }
    }

    /// Mounts, and ends the process. Called by systemd and by init: without HOME, and without a
    /// PATH to find fusermount3 by.
    static func run(_ given: [String]) async -> Never {
        setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0)
        let console = Console(isJSON: false)
        do {
            let mount = try VerbTable().options(of: "mount") ?? [:]
            let helper = try MountHelper(given, mount: mount)
            var command = try Invocation(helper.arguments).parse()
            if helper.isFake { exit(0) }
            guard var command = command as? any AsyncParsableCommand else {
                try command.run()
                exit(0)
            }
            try await command.run()
            exit(0)
        } catch let error as NodeError {
            console.say(error)
            exit(status(of: error))
        } catch is Interruption {
            exit(Status.interrupted)
        } catch {
            console.say(usage(Hyperfs.message(for: error)))
            exit(Status.usage)
        }
    }
}
