// Which files a report is written to.

import ArgumentParser
import Measurement

struct FormatOptions: ParsableArguments {
    @Option(help: "What to write, separated by commas: \(OutputFormats.allNames.joined(separator: ", ")).")
    var format = "csv,json,hgrm,svg,png,html"

    var formats: OutputFormats { OutputFormats(names: format) ?? .all }

    func validate() throws {
        guard OutputFormats(names: format) != nil else {
            throw ValidationError(
                "--format is '\(format)'; possible is any of \(OutputFormats.allNames.joined(separator: ",")), with commas between"
            )
        }
    }
}
