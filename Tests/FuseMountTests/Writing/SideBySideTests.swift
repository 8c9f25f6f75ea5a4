import Glibc
import TestSupport
import Testing

/// The same random steps on a mounted drive and on a folder of this machine: every result, errno,
/// content and description is the same, and stays so over a remount.
extension FuseMountTests {
    @Suite(.timeLimit(.minutes(3)), .enabled(if: Fuse.isHere))
    struct SideBySideTests {
        @Test func aMountedDriveBehavesLikeALocalFolder() async throws {
            var random = SeededRandom.announced()
            let mounted = try WritableFolder()
            let local = try TemporaryFolder()
            try await mounted.mount()
            let steps = (0..<4000).map { _ in Step.random(&random) }
            let difference = await blocking { () -> String? in
                let (ours, theirs) = (FolderActor(mounted.path), FolderActor(local.path))
                for (index, step) in steps.enumerated() {
                    let (our, their) = (ours.take(step), theirs.take(step))
                    if our != their { return "step \(index) \(step): \(our), locally \(their)" }
                    if index % 400 == 399, ours.snapshot() != theirs.snapshot() {
                        return Self.difference(ours.snapshot(), theirs.snapshot(), "step \(index)")
                    }
                }
                return nil
            }
            #expect(difference == nil)
            try await mounted.remount()
            let late = await blocking {
                Self.difference(
                    FolderActor(mounted.path).snapshot(), FolderActor(local.path).snapshot(),
                    "after a remount")
            }
            #expect(late == nil)
        }

        static func difference(_ our: [String], _ their: [String], _ when: String) -> String? {
            guard our != their else { return nil }
            let (more, less) = (Set(our).subtracting(their), Set(their).subtracting(our))
            return "\(when): ours \(more.sorted()), locally \(less.sorted())"
        }
    }
}
