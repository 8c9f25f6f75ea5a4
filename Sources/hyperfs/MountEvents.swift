import Node

/// What a mount says while it is made, and when it ends.
enum MountEvents {
    static func show(_ line: JSONValue, on console: Console) {
        switch line["event"]?.string {
        case "search":
            console.progress("looking for the drive: \(Printable.text(line["text"]?.string ?? ""))")
        case "mounted":
            console.clearProgress()
            for note in line["notes"]?.array ?? [] {
                console.note("hyperfs: \(Printable.text(note.string ?? ""))")
            }
            if console.isJSON { return console.json(line.without("notes")) }
            let mountpoint = Printable.text(line["mountpoint"]?.string ?? "")
            guard let key = line["key"]?.string else {
                return console.note("mounted: every drive is at \(mountpoint)/KEY")
            }
            console.note(
                "mounted hyper://\(key) at \(mountpoint), "
                    + "version \(line["version"]?.number ?? 0)")
        case "unmounted":
            if console.isJSON { return console.json(line) }
            console.note(
                "unmounted; received \(Format.size(line["bytesReceived"]?.number ?? 0)), "
                    + "sent \(Format.size(line["bytesSent"]?.number ?? 0))")
        default: break
        }
    }
}
