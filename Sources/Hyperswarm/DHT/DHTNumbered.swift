/// A message whose answer carries its number.
protocol DHTNumbered {
    var rid: UInt16 { get set }
    var encoded: [UInt8] { get }
}
