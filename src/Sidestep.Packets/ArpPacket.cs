using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>Operation of an ARP packet (RFC 826, ar$op). A parsed packet may hold any other value.</summary>
public enum ArpOperation : ushort
{
    /// <summary>Requests the Ethernet address of the target.</summary>
    Request = 1,

    /// <summary>Gives the Ethernet address of the sender.</summary>
    Reply = 2,
}

/// <summary>A read-only view of an ARP packet for IPv4 over Ethernet (RFC 826, "Packet format").</summary>
public readonly ref struct ArpPacket
{
    /// <summary>Length of the packet in bytes, with Ethernet and IPv4 addresses.</summary>
    public const int Length = 28;

    internal const ushort HardwareEthernet = 1;

    private readonly ReadOnlySpan<byte> _bytes;

    private ArpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Request, reply, or any other value of the field.</summary>
    public ArpOperation Operation => (ArpOperation)BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Operation..]);

    /// <summary>Ethernet address of the sender.</summary>
    public MacAddress SenderMac => MacAddress.Read(_bytes[Offset.SenderMac..]);

    /// <summary>IPv4 address of the sender; 0.0.0.0 in a probe (RFC 5227 section 2.1.1).</summary>
    public Ipv4Address SenderAddress => Ipv4Address.Read(_bytes[Offset.SenderAddress..]);

    /// <summary>Ethernet address of the target; meaningless in a request.</summary>
    public MacAddress TargetMac => MacAddress.Read(_bytes[Offset.TargetMac..]);

    /// <summary>IPv4 address of the target.</summary>
    public Ipv4Address TargetAddress => Ipv4Address.Read(_bytes[Offset.TargetAddress..]);

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws.</summary>
    /// <param name="payload">Payload of an Ethernet frame of type <see cref="EtherType.Arp"/>; padding may
    /// follow.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when the payload is shorter than 28 bytes or not ARP for IPv4 over Ethernet.</returns>
    public static bool TryParse(ReadOnlySpan<byte> payload, out ArpPacket packet)
    {
        packet = new ArpPacket(payload);
        return payload.Length >= Length
            && BinaryPrimitives.ReadUInt16BigEndian(payload[Offset.HardwareType..]) == HardwareEthernet
            && BinaryPrimitives.ReadUInt16BigEndian(payload[Offset.ProtocolType..]) == (ushort)EtherType.Ipv4
            && payload[Offset.HardwareLength] == MacAddress.Length
            && payload[Offset.ProtocolLength] == Ipv4Address.Length;
    }

    internal static class Offset
    {
        internal const int HardwareType = 0;
        internal const int ProtocolType = 2;
        internal const int HardwareLength = 4;
        internal const int ProtocolLength = 5;
        internal const int Operation = 6;
        internal const int SenderMac = 8;
        internal const int SenderAddress = 14;
        internal const int TargetMac = 18;
        internal const int TargetAddress = 24;
    }
}
