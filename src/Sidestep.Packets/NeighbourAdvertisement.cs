using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A view of a neighbour advertisement: somebody says that an IPv6 address is his (RFC 4861 section 4.4).</summary>
public readonly ref struct NeighbourAdvertisement
{
    /// <summary>ICMPv6 type.</summary>
    public const byte Type = 136;

    /// <summary>What every message of neighbour discovery has, so that none can come from beyond the link
    /// (RFC 4861 section 11.2).</summary>
    internal const byte HopLimit = 255;

    private const int HeaderLength = 40, MessageLength = 24, Unit = 8;
    private const byte SolicitedFlag = 0x40, OverrideFlag = 0x20, TargetLinkLayerAddress = 2;

    private readonly ReadOnlySpan<byte> _message;

    private NeighbourAdvertisement(ReadOnlySpan<byte> message, MacAddress? targetMac)
    {
        _message = message;
        TargetMac = targetMac;
    }

    /// <summary>It answers a question.</summary>
    public bool IsSolicited => (_message[4] & SolicitedFlag) != 0;

    /// <summary>It replaces what is known. Unset by those that stand in for others, and for anycast addresses.</summary>
    public bool IsOverride => (_message[4] & OverrideFlag) != 0;

    /// <summary>The address that it is about.</summary>
    public Ipv6Address Target => Ipv6Address.Read(_message[8..]);

    /// <summary>Where the address is; null when it does not say.</summary>
    public MacAddress? TargetMac { get; }

    /// <summary>The only door: after true no accessor throws.</summary>
    /// <param name="packet">From the IPv6 header on; padding may follow.</param>
    /// <param name="advertisement">The view; without meaning when false.</param>
    /// <returns>False when it is something else, or breaks a rule of RFC 4861 section 7.1.2.</returns>
    public static bool TryParse(ReadOnlySpan<byte> packet, out NeighbourAdvertisement advertisement)
    {
        advertisement = default;
        if (packet.Length < HeaderLength + MessageLength || packet[0] >> 4 != 6
            || packet[6] != (byte)IpProtocol.IcmpV6 || packet[7] != HopLimit)
            return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        if (length < MessageLength || HeaderLength + length > packet.Length)
            return false;
        var message = packet.Slice(HeaderLength, length);
        if (message[0] != Type || message[1] != 0 || ChecksumOf(packet, message) != 0 || !TryReadOptions(message[MessageLength..], out var mac))
            return false;
        advertisement = new NeighbourAdvertisement(message, mac);
        return !advertisement.Target.IsMulticast
            && !(advertisement.IsSolicited && Ipv6Address.Read(packet[24..]).IsMulticast);
    }

    /// <summary>RFC 8200 section 8.1, RFC 4443 section 2.3.</summary>
    internal static ushort ChecksumOf(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> message) => InternetChecksum.Finish(
        InternetChecksum.Sum(message, InternetChecksum.Sum(packet[8..HeaderLength]) + (ulong)message.Length + (ulong)IpProtocol.IcmpV6));

    /// <summary>RFC 4861 section 4.6: an option without length makes the packet invalid.</summary>
    private static bool TryReadOptions(ReadOnlySpan<byte> options, out MacAddress? targetMac)
    {
        targetMac = null;
        while (!options.IsEmpty)
        {
            var length = options.Length < Unit ? 0 : options[1] * Unit;
            if (length == 0 || length > options.Length)
                return false;
            if (options[0] == TargetLinkLayerAddress && length == Unit)
                targetMac = MacAddress.Read(options[2..]);
            options = options[length..];
        }
        return true;
    }
}
