import Foundation
import TestSupport
import Testing

/// The same random steps on a mounted drive and on a folder of this machine: every result, errno,
/// content and description is the same, and stays so over a remount.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct SideBySideTests {
    @Test func aMountedDriveBehavesLikeALocalFolder() async throws {
        var random = SeededRandom.announced()
        guard let mount = try await OwnMount(options: ["--owners"]) else { return }
        let local = try TemporaryFolder()
        let steps = (0..<4000).map { _ in Step.random(&random) }
        let difference = await onThread { [path = mount.path] in
            Self.difference(of: steps, ours: FolderActor(path), theirs: FolderActor(local.path))
        }
        #expect(difference == nil)
        try await mount.remount()
        let late = await onThread { [path = mount.path] in
            Self.difference(
                FolderActor(path).snapshot(), FolderActor(local.path).snapshot(),
                "after a remount")
        }
        #expect(late == nil)
    }

    /// The first step at which two folders part; nil = they never do.
    private static func difference(
        of steps: [Step], ours: FolderActor, theirs: FolderActor
    ) -> String? {
        for (index, step) in steps.enumerated() {
            let (our, their) = (ours.take(step), theirs.take(step))
            if our != their { return "step \(index) \(step): \(our), locally \(their)" }
            guard index % 400 == 399 else { continue }
            if let found = difference(ours.snapshot(), theirs.snapshot(), "step \(index)") {
                return found
            }
        }
        return nil
    }

    private static func difference(
        _ our: [String], _ their: [String], _ when: String
    ) -> String? {
        guard our != their else { return nil }
        let (more, less) = (Set(our).subtracting(their), Set(their).subtracting(our))
        return "\(when): ours \(more.sorted()), locally \(less.sorted())"
    }
}
