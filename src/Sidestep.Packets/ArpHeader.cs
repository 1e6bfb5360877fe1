using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>An ARP packet for IPv4 over Ethernet, ready to be written (RFC 826).</summary>
/// <param name="Operation">Request or reply.</param>
/// <param name="SenderMac">Ethernet address of the sender (ar$sha).</param>
/// <param name="SenderAddress">IPv4 address of the sender (ar$spa).</param>
/// <param name="TargetMac">Ethernet address of the target (ar$tha); all zero in a request.</param>
/// <param name="TargetAddress">IPv4 address of the target (ar$tpa).</param>
public readonly record struct ArpHeader(
    ArpOperation Operation, MacAddress SenderMac, Ipv4Address SenderAddress, MacAddress TargetMac,
    Ipv4Address TargetAddress)
{
    /// <summary>A request for the Ethernet address of <paramref name="target"/>.</summary>
    public static ArpHeader Request(MacAddress senderMac, Ipv4Address sender, Ipv4Address target) =>
        new(ArpOperation.Request, senderMac, sender, default, target);

    /// <summary>Writes the packet in network byte order.</summary>
    /// <param name="payload">At least <see cref="ArpPacket.Length"/> bytes; the first 28 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    public void Write(Span<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(payload.Length, ArpPacket.Length, nameof(payload));
        BinaryPrimitives.WriteUInt16BigEndian(payload[ArpPacket.Offset.HardwareType..], ArpPacket.HardwareEthernet);
        BinaryPrimitives.WriteUInt16BigEndian(payload[ArpPacket.Offset.ProtocolType..], (ushort)EtherType.Ipv4);
        payload[ArpPacket.Offset.HardwareLength] = MacAddress.Length;
        payload[ArpPacket.Offset.ProtocolLength] = Ipv4Address.Length;
        BinaryPrimitives.WriteUInt16BigEndian(payload[ArpPacket.Offset.Operation..], (ushort)Operation);
        SenderMac.Write(payload[ArpPacket.Offset.SenderMac..]);
        SenderAddress.Write(payload[ArpPacket.Offset.SenderAddress..]);
        TargetMac.Write(payload[ArpPacket.Offset.TargetMac..]);
        TargetAddress.Write(payload[ArpPacket.Offset.TargetAddress..]);
    }
}
