/// A QR code (ISO/IEC 18004): bytes as a square of dark and light modules, with the level M of
/// correction (15 % may be unreadable). Versions 1 to 6, which is 106 bytes: enough for a drive's
/// URL.
public struct QRCode: Sendable {
    /// Modules in a row.
    public private(set) var size: Int
    private var dark: [Bool]
    /// Modules that carry no data: finders, timing, alignment, format.
    private var isFixed: [Bool]

    /// A version's size: data bytes of one block, blocks, check bytes of each.
    private struct Form {
        let version: Int
        let blockBytes: Int
        let blocks: Int
        let checkBytes: Int
        /// Where the alignment pattern is; 0 = there is none.
        let alignment: Int
    }

    private static let forms = [
        Form(version: 1, blockBytes: 16, blocks: 1, checkBytes: 10, alignment: 0),
        Form(version: 2, blockBytes: 28, blocks: 1, checkBytes: 16, alignment: 18),
        Form(version: 3, blockBytes: 44, blocks: 1, checkBytes: 26, alignment: 22),
        Form(version: 4, blockBytes: 32, blocks: 2, checkBytes: 18, alignment: 26),
        Form(version: 5, blockBytes: 43, blocks: 2, checkBytes: 24, alignment: 30),
        Form(version: 6, blockBytes: 27, blocks: 4, checkBytes: 16, alignment: 34),
    ]

    /// `nil` when it is more than 106 bytes.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        // Four bits of mode and eight of length stand in front.
        guard let form = Self.forms.first(where: { $0.blockBytes * $0.blocks >= bytes.count + 2 })
        else { return nil }
        size = 17 + 4 * form.version
        dark = Array(repeating: false, count: size * size)
        isFixed = dark
        drawPatterns(form)
        place(Self.codewords(bytes, form))
        var best = self
        best.mask(0)
        for pattern in 1..<8 {
            var other = self
            other.mask(pattern)
            if other.penalty < best.penalty { best = other }
        }
        self = best
    }

    /// Whether a module is dark; outside all is light.
    public subscript(x: Int, y: Int) -> Bool {
        guard 0..<size ~= x, 0..<size ~= y else { return false }
        return dark[y * size + x]
    }

    /// As a picture for web pages, with the quiet zone of four modules around.
    public var svg: String {
        let path = (0..<size).flatMap { y in
            (0..<size).filter { self[$0, y] }.map { "M\($0 + 4) \(y + 4)h1v1h-1z" }
        }
        let side = size + 8
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\" "
            + "shape-rendering=\"crispEdges\"><rect width=\"\(side)\" height=\"\(side)\" "
            + "fill=\"#fff\"/><path d=\"\(path.joined())\" fill=\"#000\"/></svg>"
    }
}

// MARK: - The modules

extension QRCode {
    private mutating func fix(_ x: Int, _ y: Int, _ isDark: Bool) {
        guard 0..<size ~= x, 0..<size ~= y else { return }
        dark[y * size + x] = isDark
        isFixed[y * size + x] = true
    }

    private mutating func drawPatterns(_ form: Form) {
        for index in 0..<size {
            fix(6, index, index % 2 == 0)
            fix(index, 6, index % 2 == 0)
        }
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] {
            drawRings(x, y, radius: 4, light: [2, 4])
        }
        if form.alignment > 0 {
            drawRings(form.alignment, form.alignment, radius: 2, light: [1])
        }
        // Reserved; the mask decides what it says.
        drawFormat(0)
    }

    private mutating func drawRings(_ x: Int, _ y: Int, radius: Int, light: [Int]) {
        for dy in -radius...radius {
            for dx in -radius...radius {
                fix(x + dx, y + dy, !light.contains(max(abs(dx), abs(dy))))
            }
        }
    }

    /// Level M and the mask, twice, with ten bits of check.
    private mutating func drawFormat(_ pattern: Int) {
        var rest = pattern
        for _ in 0..<10 { rest = (rest << 1) ^ ((rest >> 9) * 0x537) }
        let bits = (pattern << 10 | rest) ^ 0x5412
        for index in 0..<15 {
            let isDark = bits >> index & 1 == 1
            switch index {
            case 0..<6: fix(8, index, isDark)
            case 6, 7: fix(8, index + 1, isDark)
            case 8: fix(7, 8, isDark)
            default: fix(14 - index, 8, isDark)
            }
            if index < 8 {
                fix(size - 1 - index, 8, isDark)
            } else {
                fix(8, size - 15 + index, isDark)
            }
        }
        fix(8, size - 8, true)
    }

    /// In pairs of columns from the right, up and down in turn.
    private mutating func place(_ codewords: [UInt8]) {
        var bit = 0
        var right = size - 1
        while right > 0 {
            // The column of the timing pattern is left out.
            if right == 6 { right = 5 }
            let isUpward = (right + 1) & 2 == 0
            for step in 0..<size {
                let y = isUpward ? size - 1 - step : step
                for x in [right, right - 1] where !isFixed[y * size + x] {
                    guard bit < codewords.count * 8 else { continue }
                    dark[y * size + x] = codewords[bit >> 3] >> (7 - bit & 7) & 1 == 1
                    bit += 1
                }
            }
            right -= 2
        }
    }

    private mutating func mask(_ pattern: Int) {
        for y in 0..<size {
            for x in 0..<size where !isFixed[y * size + x] {
                if Self.isMasked(pattern, x, y) { dark[y * size + x].toggle() }
            }
        }
        drawFormat(pattern)
    }

    private static func isMasked(_ pattern: Int, _ x: Int, _ y: Int) -> Bool {
        switch pattern {
        case 0: (x + y) % 2 == 0
        case 1: y % 2 == 0
        case 2: x % 3 == 0
        case 3: (x + y) % 3 == 0
        case 4: (x / 3 + y / 2) % 2 == 0
        case 5: x * y % 2 + x * y % 3 == 0
        case 6: (x * y % 2 + x * y % 3) % 2 == 0
        default: ((x + y) % 2 + x * y % 3) % 2 == 0
        }
    }

    /// How hard it is to read, by the rules of the standard: long runs, blocks, what looks like a
    /// finder, and more of one kind than of the other.
    private var penalty: Int {
        var sum = 0
        for line in 0..<size {
            sum += Self.penalty((0..<size).map { self[$0, line] })
            sum += Self.penalty((0..<size).map { self[line, $0] })
        }
        for y in 1..<size {
            for x in 1..<size {
                let color = self[x, y]
                if color == self[x - 1, y], color == self[x, y - 1], color == self[x - 1, y - 1] {
                    sum += 3
                }
            }
        }
        let share = dark.count { $0 } * 20 / dark.count
        return sum + 10 * abs(share - 10)
    }

    private static func penalty(_ line: [Bool]) -> Int {
        let finder = [true, false, true, true, true, false, true]
        let quiet = [Bool](repeating: false, count: 4)
        var sum = 0
        var start = 0
        for index in 1...line.count where index == line.count || line[index] != line[start] {
            if index - start >= 5 { sum += index - start - 2 }
            start = index
        }
        for index in 0..<max(0, line.count - 10) {
            let part = Array(line[index..<index + 11])
            if part == finder + quiet || part == quiet + finder { sum += 40 }
        }
        return sum
    }
}

// MARK: - The bytes

extension QRCode {
    private static func codewords(_ bytes: [UInt8], _ form: Form) -> [UInt8] {
        // Mode 4 (bytes), their count, the bytes, mode 0 (the end): all shifted by half a byte.
        let length = UInt8(bytes.count)
        var nibbles: [UInt8] = [4, length >> 4, length & 15]
        for byte in bytes { nibbles += [byte >> 4, byte & 15] }
        nibbles.append(0)
        var data: [UInt8] = stride(from: 0, to: nibbles.count, by: 2).map {
            nibbles[$0] << 4 | nibbles[$0 + 1]
        }
        let padding: [UInt8] = [0xEC, 0x11]
        for index in 0..<(form.blockBytes * form.blocks - data.count) {
            data.append(padding[index % 2])
        }
        let blocks = (0..<form.blocks).map {
            Array(data[$0 * form.blockBytes..<($0 + 1) * form.blockBytes])
        }
        let checks = blocks.map { check($0, count: form.checkBytes) }
        // A scratch hits every block a little, not one of them whole.
        return (0..<form.blockBytes).flatMap { index in blocks.map { $0[index] } }
            + (0..<form.checkBytes).flatMap { index in checks.map { $0[index] } }
    }

    /// The remainder by the Reed-Solomon polynomial of that degree.
    private static func check(_ data: [UInt8], count: Int) -> [UInt8] {
        var divisor = [UInt8](repeating: 0, count: count - 1) + [1]
        var root: UInt8 = 1
        for _ in 0..<count {
            for index in 0..<count {
                divisor[index] = product(divisor[index], root)
                if index + 1 < count { divisor[index] ^= divisor[index + 1] }
            }
            root = product(root, 2)
        }
        var rest = [UInt8](repeating: 0, count: count)
        for byte in data {
            let factor = byte ^ rest[0]
            rest = rest.dropFirst() + [0]
            for index in 0..<count { rest[index] ^= product(divisor[index], factor) }
        }
        return rest
    }

    /// In the field of 256 elements with the polynomial 0x11D.
    private static func product(_ one: UInt8, _ other: UInt8) -> UInt8 {
        var result = 0
        for bit in (0..<8).reversed() {
            result = (result << 1) ^ ((result >> 7) * 0x11D)
            if other >> bit & 1 == 1 { result ^= Int(one) }
        }
        return UInt8(truncatingIfNeeded: result)
    }
}
