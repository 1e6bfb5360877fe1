using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.Probes;

/// <summary>Receives ICMP errors from servers, and from routers on the path to them, about packets that the director
/// encapsulated.</summary>
/// <remarks>The errors come to the director, which is the source of the outer header. The quoted outer header
/// identifies the server. With an outer source prefix the errors go to the prefix instead.</remarks>
internal sealed class IcmpErrorListener : IDisposable
{
    /// <summary>Errors per second that are handled, so that a flood costs little CPU.</summary>
    private const int MaxPerSecond = 200;

    private readonly List<Socket> _sockets = [];
    private readonly Action<VrfAddress, string> _onPassiveSignal;
    private readonly Action<VrfAddress> _onTooBig;

    /// <summary>Opens a raw socket for ICMP and one for ICMPv6; without them, only passive signals are
    /// missing.</summary>
    /// <param name="onPassiveSignal">Receives a server's address, and what the error says about packets to it.</param>
    /// <param name="onTooBig">Receives the address of a server for whose path a packet was too big.</param>
    /// <param name="log">Receives why no errors can be received.</param>
    internal IcmpErrorListener(Action<VrfAddress, string> onPassiveSignal, Action<VrfAddress> onTooBig,
        Action<string> log)
    {
        _onPassiveSignal = onPassiveSignal;
        _onTooBig = onTooBig;
        try
        {
            // destination unreachable, time exceeded; and packet too big
            Listen(AddressFamily.InterNetwork, ProtocolType.Icmp, 3, 11);
            Listen(AddressFamily.InterNetworkV6, ProtocolType.IcmpV6, 1, 2, 3);
        }
        catch (SocketException e)
        {
            log($"cannot receive ICMP errors about encapsulated packets: {e.Message}");
        }
    }

    /// <summary>Handles the errors that arrive, until cancelled.</summary>
    internal Task RunAsync(Supervisor supervisor, CancellationToken cancellation) =>
        Task.WhenAll(_sockets.Select(s => supervisor.RunAsync("receiver of ICMP errors", stop =>
            ReceiveAsync(s, stop), cancellation)));

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    /// <summary>Reads what an ICMP error says about a server; null: it quotes no outer header, or says
    /// nothing.</summary>
    /// <param name="message">From the ICMP header on.</param>
    /// <param name="isIpv4">True: ICMP (RFC 792); false: ICMPv6 (RFC 4443).</param>
    internal static (IPAddress Server, string What)? Read(ReadOnlySpan<byte> message, bool isIpv4)
    {
        if (message.Length < IcmpPacket.HeaderLength)
            return null;
        var quoted = message[IcmpPacket.HeaderLength..];
        if (OuterHeader(quoted, isIpv4) is not { } outer)
            return null;
        // UDP is GUE, but may also be other traffic of this machine.
        if (outer.Protocol is not (IpProtocol.Ipv4 or IpProtocol.Ipv6 or IpProtocol.Gre or IpProtocol.Udp))
            return null;
        return SignalOf(message, isIpv4) is { } description ? (outer.Destination, description) : null;
    }

    /// <summary>Fragmentation needed (RFC 792), or packet too big (RFC 4443 section 3.2).</summary>
    internal static bool IsTooBig(ReadOnlySpan<byte> message, bool isIpv4) =>
        isIpv4 ? message is [3, 4, ..] : message is [2, ..];

    /// <summary>Protocol and destination of a quoted header, which may be cut off behind its fixed part; null: it is
    /// shorter, or of the other version.</summary>
    private static (IpProtocol Protocol, IPAddress Destination)? OuterHeader(ReadOnlySpan<byte> quoted, bool isIpv4)
    {
        if (!isIpv4)
        {
            return Ipv6Packet.TryParseHeader(quoted, out var packet)
                ? (packet.NextHeader, packet.Destination.ToIPAddress()) : null;
        }
        return quoted.Length < Ipv4Packet.MinimumHeaderLength || quoted[0] >> 4 != 4 ? null
            : ((IpProtocol)quoted[9], new IPAddress(quoted.Slice(16, 4)));
    }

    private static string? SignalOf(ReadOnlySpan<byte> message, bool isIpv4) => (isIpv4, message[0], message[1]) switch
    {
        (true, 3, 2) => "rejects the outer header (protocol unreachable): it does not decapsulate",
        (true, 3, 3) => "rejects the outer header (port unreachable): it does not decapsulate GUE at this port",
        (true, 3, 4) => "a router on the path to it has an MTU of "
            + $"{BinaryPrimitives.ReadUInt16BigEndian(message[6..])} bytes (fragmentation needed)",
        (true, 3, 9 or 10 or 13) => "a filter on the path to it rejects packets (administratively prohibited)",
        (true, 3, _) => "a router reports it unreachable",
        (true, 11, _) => "packets to it are in a routing loop (time exceeded)",
        (false, 1, 1) => "a filter on the path to it rejects packets (administratively prohibited)",
        (false, 1, 4) => "rejects the outer header (port unreachable): it does not decapsulate GUE at this port",
        (false, 1, _) => "a router reports it unreachable",
        (false, 2, _) => "a router on the path to it has an MTU of "
            + $"{BinaryPrimitives.ReadUInt32BigEndian(message[4..])} bytes (packet too big)",
        (false, 3, _) => "packets to it are in a routing loop (time exceeded)",
        _ => null,
    };

    private void Listen(AddressFamily family, ProtocolType protocol, params ReadOnlySpan<byte> types)
    {
        if (family == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
            return;
        var socket = new Socket(family, SocketType.Raw, protocol);
        _sockets.Add(socket);
        SocketSettings.ReceiveIcmp(socket, types);
    }

    private async Task ReceiveAsync(Socket socket, CancellationToken cancellation)
    {
        var isIpv4 = socket.AddressFamily == AddressFamily.InterNetwork;
        var buffer = new byte[2048];
        var (second, received) = (0L, 0);
        try
        {
            while (true)
            {
                var length = await socket.ReceiveAsync(buffer, cancellation).ConfigureAwait(false);
                if (Environment.TickCount64 / 1000 is var now && now != second)
                    (second, received) = (now, 0);
                var begin = isIpv4 ? (buffer[0] & 0x0f) * 4 : 0;
                if (++received > MaxPerSecond || begin >= length
                    || Read(buffer.AsSpan(begin, length - begin), isIpv4) is not { } signal)
                    continue;
                _onPassiveSignal(VrfAddress.InDefault(signal.Server), signal.What);
                if (IsTooBig(buffer.AsSpan(begin), isIpv4))
                    _onTooBig(VrfAddress.InDefault(signal.Server));
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }
}
