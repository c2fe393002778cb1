// `ringmaster`: runs and steers a cluster. Everything is in RingmasterCommand.

import RingmasterCommand

CommandMain.run()
