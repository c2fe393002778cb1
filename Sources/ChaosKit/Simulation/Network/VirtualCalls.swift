// From the shim's functions to the objects of a simulation.

import CShim
import Glibc

/// The functions of `rm_virtual_calls`, one table for all kinds of object.
enum VirtualCalls {
    // Made once and never freed: handles lead to it.
    nonisolated(unsafe) static let table: UnsafePointer<rm_virtual_calls> = {
        let table = UnsafeMutablePointer<rm_virtual_calls>.allocate(capacity: 1)
        var calls = rm_virtual_calls()
        fillSocket(&calls)
        fillPoller(&calls)
        table.initialize(to: calls)
        return UnsafePointer(table)
    }()

    private static func fillSocket(_ calls: inout rm_virtual_calls) {
        calls.open = { context, kind in
            let host: VirtualHost = object(context)
            return UnsafePointer(host.open(kind: Int(kind)).face)
        }
        calls.close = { socket in
            let socket: VirtualSocket = object(socket)
            socket.close()
        }
        calls.set = { socket, option, bytes, length in
            let socket: VirtualSocket = object(socket)
            socket.set(option, UnsafeRawBufferPointer(start: bytes, count: length))
            return 0
        }
        calls.bind = { socket, endpoint in
            let socket: VirtualSocket = object(socket)
            return socket.bind(String(cString: endpoint!))
        }
        calls.connect = { socket, endpoint in
            let socket: VirtualSocket = object(socket)
            socket.connect(String(cString: endpoint!))
            return 0
        }
        calls.last_endpoint = { socket, out, capacity in
            let socket: VirtualSocket = object(socket)
            guard socket.boundEndpoint.utf8.count < capacity else { return -EINVAL }
            strcpy(out!, socket.boundEndpoint)
            return 0
        }
        calls.descriptor = { socket in
            let socket: VirtualSocket = object(socket)
            return socket.descriptor
        }
        calls.events = { socket in
            let socket: VirtualSocket = object(socket)
            return Int32(RM_WRITABLE) | (socket.inbox.isEmpty ? 0 : Int32(RM_READABLE))
        }
        calls.receive = { socket, bytes, length, more in
            let socket: VirtualSocket = object(socket)
            guard let part = socket.takePart() else { return -EAGAIN }
            bytes!.pointee = part.packet.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            length!.pointee = part.packet.bytes.count
            more!.pointee = part.hasMore ? 1 : 0
            return 0
        }
        calls.send = { socket, bytes, length, more in
            let socket: VirtualSocket = object(socket)
            return socket.send(.copy(of: UnsafeRawBufferPointer(start: bytes, count: length)), more: more != 0)
        }
        calls.monitor = { socket in
            let socket: VirtualSocket = object(socket)
            return UnsafePointer(socket.openMonitor().face)
        }
        calls.end_monitor = { socket in
            let socket: VirtualSocket = object(socket)
            socket.monitor = nil
        }
        calls.take_event = { monitor, out in
            let monitor: VirtualSocket = object(monitor)
            guard let event = monitor.events.popFirst() else { return -EAGAIN }
            out!.pointee = rm_monitor_event()
            out!.pointee.event = event.event
            out!.pointee.value = event.value
            return 0
        }
    }

    private static func fillPoller(_ calls: inout rm_virtual_calls) {
        calls.add = { poller, descriptor, token in
            let poller: VirtualPoller = object(poller)
            poller.add(descriptor, token)
            return 0
        }
        calls.remove = { poller, descriptor in
            let poller: VirtualPoller = object(poller)
            poller.remove(descriptor)
            return 0
        }
        calls.set_alarm = { poller, timeNs in
            let poller: VirtualPoller = object(poller)
            poller.setAlarm(timeNs)
            return 0
        }
        calls.wait = { poller, timeoutNs, tokens, capacity in
            let poller: VirtualPoller = object(poller)
            return Int32(poller.wait(timeoutNs, tokens!, Int(capacity)))
        }
        calls.wake = { poller in
            let poller: VirtualPoller = object(poller)
            poller.wake()
            return 0
        }
    }
}

private func object<Kind: AnyObject>(_ raw: UnsafeMutableRawPointer?) -> Kind {
    Unmanaged<Kind>.fromOpaque(raw!).takeUnretainedValue()
}
