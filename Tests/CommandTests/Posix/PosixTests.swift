import Foundation
import TestSupport
import Testing

/// What POSIX says of each call, as root and as a user: on a mount, and on a folder of this
/// machine, which has to agree.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct PosixTests {
    /// A line of cases.txt: calls, what the last of them gives, and what it gives on a mount where
    /// that is not the same.
    private struct Row {
        let text: String
        let steps: [PosixStep]
        let gives: String
        let givesMounted: String

        init?(_ line: Substring) {
            let cells = line.split(separator: "|>").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count >= 2 else { return nil }
            text = cells[0]
            steps = cells[0].split(separator: ";").compactMap { PosixStep(String($0)) }
            gives = cells[1]
            givesMounted = cells.count > 2 ? cells[2] : gives
        }
    }

    @Test func everyCaseEndsAsPosixSaysOnAMountAsOnALocalFolder() async throws {
        let rows = try Self.rows()
        #expect(rows.count > 400)
        try await onBoth { mounted, local in
            var wrong: [String] = []
            for (index, row) in rows.enumerated() {
                for (folder, gives, place) in [
                    (local, row.gives, "locally"), (mounted, row.givesMounted, "mounted"),
                ] {
                    folder.enter("\(index)")
                    let results = row.steps.map { folder.take($0) }
                    folder.leave()
                    guard results.last != gives else { continue }
                    wrong.append("\(place): \(row.text) |> \(gives), not \(results)")
                }
            }
            #expect(wrong.count == 0, "\(wrong.joined(separator: "\n"))")
        }
    }

    private static func rows() throws -> [Row] {
        let table = try String(contentsOfFile: Fixtures.path("posix/cases.txt"), encoding: .utf8)
        return table.split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.compactMap { line in
                let row = Row(line)
                #expect(row != nil, "not a case: \(line)")
                return row
            }
    }

    /// Calls of every kind on paths of every kind: nothing is expected but that both agree.
    @Test(arguments: ["root", "user"])
    func everyCallOnEveryKindOfPathAgreesWithALocalFolder(who: String) async throws {
        try await onBoth { mounted, local in
            let product = PosixProduct(who: who)
            var differences: [String] = []
            var isFresh = false
            for (index, step) in product.steps.enumerated() {
                for folder in [mounted, local] where !isFresh {
                    folder.enter("\(who)-\(index)")
                    for step in PosixProduct.fixture { #expect(folder.take(step) == "ok") }
                }
                let (our, their) = (mounted.take(step), local.take(step))
                if !PosixProduct.agree(step, mounted: our, local: their) {
                    differences.append(
                        "\(step.call) \(step.words.map { $0.prefix(24) }): \(our), locally \(their)"
                    )
                }
                isFresh = PosixProduct.isHarmless(step, our, their)
                if !isFresh {
                    mounted.leave()
                    local.leave()
                }
            }
            #expect(differences.count == 0, "\(differences.joined(separator: "\n"))")
        }
    }

    private func onBoth(
        _ body: @escaping (_ mounted: PosixFolder, _ local: PosixFolder) -> Void
    ) async throws {
        guard geteuid() == 0 else {
            #expect(!ProcessEnvironment.isCI, "only root can be somebody else")
            return
        }
        guard let mount = try await OwnMount(options: ["--owners", "--allow-other"]) else { return }
        let local = try TemporaryFolder()
        await onThread { [path = mount.path] in
            guard let mounted = PosixFolder(path), let local = PosixFolder(local.path) else {
                Issue.record("threads cannot have credentials of their own here")
                return
            }
            body(mounted, local)
        }
        try mount.unmount()
    }
}
