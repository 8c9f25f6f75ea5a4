import Foundation
import TestSupport
import Testing

@testable import Node

/// docs/openapi.json and docs/control-api.md, held against the table of routes.
@Suite(.timeLimit(.minutes(1)))
struct OpenAPITests {
    private func document(_ name: String) throws -> Data {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try Data(contentsOf: root.appendingPathComponent("docs/\(name)"))
    }

    @Test func everyRouteIsDescribedAndNothingElse() throws {
        let json = try JSONDecoder().decode(JSON.self, from: document("openapi.json"))
        var described: Set<String> = []
        for (path, methods) in json["paths"].object {
            for (method, operation) in methods.object {
                described.insert("\(method.uppercased()) \(path): \(operation["summary"].string)")
                let names = operation["parameters"].array.filter { $0["in"].string == "path" }
                let wanted = path.split(separator: "/").filter { $0.hasPrefix("{") }
                #expect(
                    names.map { "{\($0["name"].string)}" } == wanted.map(String.init), "\(path)")
            }
        }
        let routes = Set(
            StoreNode.routes.map { "\($0.method.rawValue) \($0.path): \($0.summary)" })
        #expect(described.subtracting(routes).isEmpty)
        #expect(routes.subtracting(described).isEmpty)
        #expect(routes.count == StoreNode.routes.count)
    }

    @Test func everyRouteHasARow() throws {
        let text = String(decoding: try document("control-api.md"), as: UTF8.self)
        for route in StoreNode.routes {
            let last = route.path.split(separator: "/").last ?? ""
            let isThere =
                text.contains("`\(route.method.rawValue) \(route.path)`")
                || text.contains("`\(last)`")
            #expect(isThere, "\(route.method.rawValue) \(route.path)")
        }
    }

    @Test func everyErrorCodeIsDescribed() throws {
        let json = try JSONDecoder().decode(JSON.self, from: document("openapi.json"))
        let codes = json["components"]["schemas"]["Error"]["properties"]["code"]["enum"].array
        #expect(Set(codes.map(\.string)) == Set(NodeError.Code.allCases.map(\.rawValue)))
    }
}
