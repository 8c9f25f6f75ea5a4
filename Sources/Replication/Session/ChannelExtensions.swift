/// The two lists of extension names of a channel: each side numbers its own.
struct ChannelExtensions {
    /// Ours.
    var own = ExtensionList()
    /// Whether the remote knows our list as it is now.
    var announced = true
    /// The remote's.
    var remote = ExtensionList()

    init(own names: [String] = []) {
        own = ExtensionList(sorting: names)
        announced = own.isEmpty
    }

    /// Replaces our list.
    mutating func set(_ names: [String]) {
        let list = ExtensionList(sorting: names)
        guard list != own else { return }
        own = list
        announced = false
    }
}
