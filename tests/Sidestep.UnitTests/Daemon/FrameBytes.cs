using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.UnitTests.Daemon;

/// <summary>Frames that are written byte by byte from the RFCs, to judge the product's by.</summary>
internal static class FrameBytes
{
    public const string Broadcast = "ffffffffffff";

    /// <summary>Bytes of hexadecimal digits; spaces are ignored.</summary>
    public static byte[] Hex(string digits) => Convert.FromHexString(digits.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>Hexadecimal digits, in lower case.</summary>
    public static string Hex(IPAddress address) => Convert.ToHexStringLower(address.GetAddressBytes());

    /// <summary>An ARP packet over Ethernet (RFC 826).</summary>
    /// <param name="operation">1: request, 2: reply.</param>
    /// <param name="destination">Ethernet destination.</param>
    /// <param name="senderMac">Ethernet source and hardware address of the sender.</param>
    /// <param name="sender">Protocol address of the sender.</param>
    /// <param name="targetMac">Hardware address of the target.</param>
    /// <param name="target">Protocol address of the target.</param>
    public static byte[] Arp(
        int operation, string destination, string senderMac, string sender, string targetMac, string target) =>
        Hex($"{destination}{senderMac}0806 000108000604{operation:x4}{senderMac}{Hex(IPAddress.Parse(sender))}"
            + $"{targetMac}{Hex(IPAddress.Parse(target))}");

    /// <summary>A neighbour advertisement with the option target link-layer address (RFC 4861 section 4.4). Its
    /// checksum is correct, and its destination is all nodes, or one node if it is solicited.</summary>
    /// <param name="sourceMac">Ethernet source.</param>
    /// <param name="target">The address that is advertised.</param>
    /// <param name="flags">0x40: solicited, 0x20: override.</param>
    /// <param name="optionMac">The link-layer address in the option; null: no option.</param>
    public static byte[] Advertisement(string sourceMac, string target, int flags, string? optionMac)
    {
        var option = optionMac is null ? "" : $"0201{optionMac}";
        var length = 24 + option.Length / 2;
        var to = IPAddress.Parse((flags & 0x40) != 0 ? "fe80::2" : "ff02::1");
        return WithIcmp6Checksum(Hex($"333300000001{sourceMac}86dd 60000000{length:x4}3aff"
            + $"{Hex(IPAddress.Parse(target))}{Hex(to)}"
            + $"88000000{flags:x2}000000{Hex(IPAddress.Parse(target))}{option}"));
    }

    /// <summary>The IP packet of a frame without VLAN tag.</summary>
    public static byte[] Packet(byte[] frame) => frame[14..];

    /// <summary>An Ethernet frame around an IP packet; the Ethernet addresses do not matter.</summary>
    public static byte[] Frame(byte[] packet) =>
        [.. new byte[12], .. packet[0] >> 4 == 6 ? Hex("86dd") : Hex("0800"), .. packet];

    /// <summary>An IPv4 or IPv6 packet without options. Checksums of the transport are zero.</summary>
    public static byte[] Ip(string from, string to, int protocol, byte[] payload, int ttl = 64)
    {
        var (source, destination) = (IPAddress.Parse(from), IPAddress.Parse(to));
        if (source.AddressFamily == AddressFamily.InterNetworkV6)
            return [.. Hex($"60000000{payload.Length:x4}{protocol:x2}{ttl:x2}{Hex(source)}{Hex(destination)}"),
                .. payload];
        return [.. Hex($"4500{20 + payload.Length:x4}00000000{ttl:x2}{protocol:x2}0000{Hex(source)}{Hex(destination)}"),
            .. payload];
    }

    /// <summary>A TCP header (RFC 9293 section 3.1) with options.</summary>
    public static byte[] Tcp(int from, int to, int flags, string options = "")
    {
        var header =
            Hex($"{from:x4}{to:x4}0000000000000000{5 + options.Length / 8:x1}0{flags:x2}ffff00000000{options}");
        return header;
    }

    /// <summary>A UDP datagram (RFC 768).</summary>
    public static byte[] Udp(int from, int to, params byte[] data) =>
        [.. Hex($"{from:x4}{to:x4}{8 + data.Length:x4}0000"), .. data];

    private static byte[] WithIcmp6Checksum(byte[] frame)
    {
        var message = frame[54..];
        var length = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(length, message.Length);
        length[7] = 58;
        BinaryPrimitives.WriteUInt16BigEndian(
            frame.AsSpan(56), Sidestep.Testing.NaiveChecksum.Of(frame[22..54], length, message));
        return frame;
    }
}
