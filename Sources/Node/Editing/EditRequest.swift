import Foundation

/// A change of an own drive that somebody asks for. As JSON it is the body of a request to the
/// node (docs/control-api.md).
public enum EditRequest: Sendable {
    case put(Putting)
    case remove(Removal)
    case makeFolders(FolderMaking)
    case move(Moving)
    case copy(Copying)
    case link(Linking)
    case unlink(Unlinking)
    case restore(Restoring)

    /// The last part of the request's path: the name of the command.
    public var verb: String {
        switch self {
        case .put: "put"
        case .remove: "rm"
        case .makeFolders: "mkdir"
        case .move: "mv"
        case .copy: "cp"
        case .link: "link"
        case .unlink: "unlink"
        case .restore: "restore"
        }
    }

    /// The request of a verb; `nil`: there is no such verb. Throws `.usage` for a body that makes
    /// no sense.
    public init?(verb: String, body: some DataProtocol) throws {
        func decoded<T: Decodable>(_ type: T.Type) throws -> T {
            do { return try JSONDecoder().decode(type, from: Data(body)) } catch {
                throw NodeError(
                    .usage, "the body of '\(verb)' makes no sense: \(error)",
                    hint: "see docs/control-api.md")
            }
        }
        switch verb {
        case "put": self = .put(try decoded(Putting.self))
        case "rm": self = .remove(try decoded(Removal.self))
        case "mkdir": self = .makeFolders(try decoded(FolderMaking.self))
        case "mv": self = .move(try decoded(Moving.self))
        case "cp": self = .copy(try decoded(Copying.self))
        case "link": self = .link(try decoded(Linking.self))
        case "unlink": self = .unlink(try decoded(Unlinking.self))
        case "restore": self = .restore(try decoded(Restoring.self))
        default: return nil
        }
    }

    /// The JSON.
    public var body: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            switch self {
            case .put(let edit): return try encoder.encode(edit)
            case .remove(let edit): return try encoder.encode(edit)
            case .makeFolders(let edit): return try encoder.encode(edit)
            case .move(let edit): return try encoder.encode(edit)
            case .copy(let edit): return try encoder.encode(edit)
            case .link(let edit): return try encoder.encode(edit)
            case .unlink(let edit): return try encoder.encode(edit)
            case .restore(let edit): return try encoder.encode(edit)
            }
        }
    }

    /// The same, to be sent to the node.
    public var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }

    /// What it will change.
    func plan(_ scene: EditScene) throws -> EditPlan {
        switch self {
        case .put(let edit): try edit.plan(scene)
        case .remove(let edit): try edit.plan(scene)
        case .makeFolders(let edit): try edit.plan(scene)
        case .move(let edit): try edit.plan(scene)
        case .copy(let edit): try edit.plan(scene)
        case .link(let edit): try edit.plan(scene)
        case .unlink(let edit): try edit.plan(scene)
        case .restore(let edit): try edit.plan(scene)
        }
    }
}
