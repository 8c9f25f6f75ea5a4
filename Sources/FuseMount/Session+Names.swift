import CFuse
import FileTree
import Glibc

/// Names, attributes, links.
extension Session {
    func lookup(_ request: Request, _ parent: UInt64, _ name: UnsafePointer<CChar>?) {
        // Names in a drive are Unicode: what is not cannot be there.
        guard let name, let name = String(validatingCString: name) else {
            request.fail(ENOENT)
            return
        }
        let tree = tree
        serve(request) {
            tree.lookup(parent: parent, name: name, reply: $0)
        } answer: {
            switch $1 {
            case .success(let attributes):
                if !$0.reply(entry: attributes) { tree.forget(inode: attributes.node, count: 1) }
            case .failure(let error) where error.errno == ENOENT:
                $0.replyAbsent(validSeconds: tree.absenceValidSeconds(parent: parent))
            case .failure(let error): $0.fail(error)
            }
        }
    }

    func attributes(_ request: Request, _ node: UInt64) {
        serve(request) {
            tree.attributes(inode: node, reply: $0)
        } answer: {
            switch $1 {
            case .success(let attributes): $0.reply(attributes: attributes)
            case .failure(let error): $0.fail(error)
            }
        }
    }

    func readLink(_ request: Request, _ node: UInt64) {
        serve(request) {
            tree.readLink(inode: node, reply: $0)
        } answer: { request, result in
            switch result {
            case .success(let target): request.reply(target: target)
            case .failure(let error): request.fail(error)
            }
        }
    }

    func access(_ request: Request, _ node: UInt64, _ mask: Int32) {
        serve(request) {
            tree.access(inode: node, mask: mask, reply: $0)
        } answer: {
            switch $1 {
            case .success: $0.succeed()
            case .failure(let error): $0.fail(error)
            }
        }
    }

    func extendedAttribute(
        _ request: Request, _ node: UInt64, _ name: UnsafePointer<CChar>?, _ room: Int
    ) {
        guard let name, let name = String(validatingCString: name) else {
            request.fail(ENODATA)
            return
        }
        serve(request) {
            tree.getAttribute(inode: node, name: name, reply: $0)
        } answer: {
            switch $1 {
            case .success(let value): $0.reply(value, room: room)
            case .failure(let error): $0.fail(error)
            }
        }
    }

    func extendedAttributes(_ request: Request, _ node: UInt64, _ room: Int) {
        serve(request) {
            tree.listAttributes(inode: node, reply: $0)
        } answer: {
            switch $1 {
            case .success(let names): $0.reply(names.flatMap { Array($0.utf8) + [0] }, room: room)
            case .failure(let error): $0.fail(error)
            }
        }
    }

    /// That of the disk the blocks are stored on.
    func statistics(_ request: Request) {
        var status = statvfs()
        let folder = tree.storageFolder
        if folder.isEmpty || statvfs(folder, &status) != 0 {
            status = statvfs()
            status.f_bsize = 4096
            status.f_frsize = 4096
        }
        status.f_namemax = 255
        request.reply(statistics: &status)
    }
}
