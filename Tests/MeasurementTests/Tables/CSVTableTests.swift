import Testing

@testable import Measurement

private struct Sample: CSVRecord, Equatable {
    var name: String
    var count: Int?
    var share: Double

    static let columns = ["name", "count", "share"]
    var fields: [String] { [name, count.map { "\($0)" } ?? "", NumberText.trimmed(share)] }

    init(name: String, count: Int?, share: Double) {
        self.name = name
        self.count = count
        self.share = share
    }

    init(_ row: CSVRow) throws(CSVError) {
        name = row.text("name")
        count = try row.countIfAny("count")
        share = try row.number("share")
    }
}

@Suite("CSV tables")
struct CSVTableTests {
    private static let awkward = [
        "", "plain", "a,b", "say \"hi\"", "two\nlines", "cr\r\nlf", "\"", ",", " padded ", "µs ü",
    ]

    @Test(arguments: awkward)
    func anyTextComesBackAsItWas(text: String) throws {
        let records = [Sample(name: text, count: nil, share: 0.5), Sample(name: "x" + text, count: 7, share: -1e-9)]
        #expect(try Sample.read(CSVTable(records).text, file: "t.csv") == records)
    }

    @Test func fieldsAreQuotedOnlyWhereTheyMustBe() {
        var table = CSVTable(header: ["a", "b"])
        table.append(["1", "x,\"y\""])
        #expect(table.text == "a,b\n1,\"x,\"\"y\"\"\"\n")
    }

    @Test func linesMayEndInTheNetworksWayAndTheLastNeedNotEnd() throws {
        let records = try Sample.read("name,count,share\r\na,1,0.5\r\n\r\nb,,2", file: "t.csv")
        #expect(records == [Sample(name: "a", count: 1, share: 0.5), Sample(name: "b", count: nil, share: 2)])
    }

    @Test(arguments: [
        ("", 1, CSVError.Fault.empty),
        ("name,cuont,share\n", 1, .wrongHeader(found: ["name", "cuont", "share"], expected: Sample.columns)),
        ("name,count\n", 1, .wrongHeader(found: ["name", "count"], expected: Sample.columns)),
        ("name,count,share\na,1\n", 2, .wrongFieldCount(found: 2, expected: 3)),
        ("name,count,share\na,1,2,3\n", 2, .wrongFieldCount(found: 4, expected: 3)),
        ("name,count,share\n\"a,1,2\n", 2, .badQuote), ("name,count,share\na\"b,1,2\n", 2, .badQuote),
        ("name,count,share\n\"a\"b,1,2\n", 2, .badQuote),
        (
            "name,count,share\na,1,2\n\"b\nb\",1,2\nc,x,2\n", 5,
            .badField(column: "count", value: "x", expected: "a whole number, 0 or more")
        ),
        (
            "name,count,share\na,-1,2\n", 2,
            .badField(column: "count", value: "-1", expected: "a whole number, 0 or more")
        ),
        ("name,count,share\na,1,nan\n", 2, .badField(column: "share", value: "nan", expected: "a number")),
        ("name,count,share\na,1,\n", 2, .badField(column: "share", value: "", expected: "a number")),
    ])
    func aFaultIsNamedWithItsLineAndColumn(text: String, line: Int, fault: CSVError.Fault) {
        #expect(throws: CSVError("t.csv", line: line, fault)) { try Sample.read(text, file: "t.csv") }
    }

    @Test func anErrorReadsWell() {
        let error = CSVError("bench.csv", line: 7, .badField(column: "p50_us", value: "fast", expected: "a number"))
        #expect("\(error)" == "bench.csv, line 7: p50_us is \"fast\", expected a number")
        let header = CSVError("b.csv", line: 1, .wrongHeader(found: ["a", "x"], expected: ["a", "b"]))
        #expect("\(header)" == "b.csv, line 1: column 2 is \"x\", expected \"b\"")
    }
}
