// Flags over environment over file, and what a file may hold.

import Foundation
import Testing

@testable import RingmasterCommand

struct SettingsTests {
    private func settings(_ environment: [String: String] = [:], _ file: String = "{}") throws -> Settings {
        Settings(environment: environment, file: try ConfigurationFile(parsing: file, path: "f.json"))
    }

    @Test
    func aFlagWinsOverTheEnvironmentAndThatOverTheFile() throws {
        let file = #"{"port": 1, "name": "file"}"#
        let all = try settings(["RINGMASTER_PORT": "2"], file)
        #expect(try all.integer(.port, flag: "3", in: 0...9) == 3)
        #expect(try all.integer(.port, flag: nil, in: 0...9) == 2)
        #expect(try settings([:], file).integer(.port, flag: nil, in: 0...9) == 1)
        #expect(try settings(["RINGMASTER_PORT": ""], file).integer(.port, flag: nil, in: 0...9) == 1)
        #expect(try settings().integer(.port, flag: nil, in: 0...9) == nil)
    }

    @Test(arguments: Setting.allCases)
    func everySettingHasOneNameInThreePlaces(setting: Setting) throws {
        let file = "{\"\(setting.rawValue)\": \"f\"}"
        #expect(try settings([:], file).given(setting, flag: [])?.texts == ["f"])
        let inEnvironment = try settings([setting.variable: "e"], file).given(setting, flag: [])
        #expect(inEnvironment?.texts == ["e"])
        #expect(
            setting.variable.dropFirst(11).lowercased()
                == setting.rawValue.map { $0 == "-" ? "_" : String($0) }.joined()
        )
    }

    @Test
    func aWrongValueNamesItsPlace() throws {
        let settings = try settings(["RINGMASTER_PORT": "x"], #"{"workers": "many"}"#)
        #expect(
            throws: CommandFailure(
                .configuration,
                "RINGMASTER_PORT=x cannot be used; expected a whole number from 0 to 9"
            )
        ) {
            try settings.integer(.port, flag: nil, in: 0...9)
        }
        #expect(throws: CommandFailure(.usage, "--port 10 cannot be used; expected a whole number from 0 to 9")) {
            try settings.integer(.port, flag: "10", in: 0...9)
        }
        let inFile = "\"workers\": many in f.json cannot be used; expected a whole number from 0 to 9"
        #expect(throws: CommandFailure(.configuration, inFile)) {
            try settings.integer(.workers, flag: nil, in: 0...9)
        }
    }

    @Test
    func listsAreSplitWhereverTheyCameFrom() throws {
        let two = ["tcp://a:1", "tcp://b:2"]
        let file = #"{"cluster": ["tcp://a:1", "tcp://b:2"]}"#
        #expect(try settings([:], file).endpoints(.cluster, flag: [])?.map(\.text) == two)
        #expect(
            try settings(["RINGMASTER_CLUSTER": "tcp://a:1, tcp://b:2"]).endpoints(.cluster, flag: [])?.map(\.text)
                == two
        )
        #expect(try settings().endpoints(.cluster, flag: ["tcp://a:1,tcp://b:2"])?.map(\.text) == two)
        #expect(throws: CommandFailure.self) { try settings().endpoints(.cluster, flag: ["tcp://a:1,"]) }
    }

    @Test(arguments: [("2s", 2000), ("0.5", 500), ("250ms", 250)])
    func timesAreReadWithTheirUnits(text: String, ms: Int) throws {
        #expect(try settings().duration(.timeout, flag: text, atMost: .seconds(60)) == .milliseconds(ms))
    }

    @Test(arguments: ["0", "-1", "61", "1m", "", "nan", "inf"])
    func timesThatAreNoneAreRefused(text: String) {
        #expect(throws: CommandFailure.self) { try settings().duration(.timeout, flag: text, atMost: .seconds(60)) }
    }

    @Test(arguments: [
        (#"{"clutser": 1}"#, "unknown key 'clutser'"), (#"[1]"#, "no JSON object"), (#"{"port": 1"#, "no JSON"),
        (#"{"port": {"a": 1}}"#, "the value of 'port'"), (#"{"port": null}"#, "the value of 'port'"),
        (#"{"port": 1, "port": 2}"#, "the key 'port' twice"),
    ])
    func aFileThatIsWrongIsNamed(text: String, says: String) {
        let error = #expect(throws: CommandFailure.self) { try settings([:], text) }
        #expect(error?.status == .configuration)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test
    func aFileIsNamedByFlagOrEnvironment() throws {
        let folder = try TestFolder()
        let (a, b) = (try folder.write(#"{"port": 1}"#, to: "a"), try folder.write(#"{"port": 2}"#, to: "b"))
        #expect(try Settings(environment: ["RINGMASTER_CONFIG": a]).integer(.port, flag: nil, in: 0...9) == 1)
        let flag = try Settings(environment: ["RINGMASTER_CONFIG": a], configuration: b)
        #expect(try flag.integer(.port, flag: nil, in: 0...9) == 2)
    }
}
