using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>An ARP packet for IPv4 over Ethernet to be sent (RFC 826).</summary>
/// <param name="Operation">Request or reply.</param>
/// <param name="SenderMac">Ethernet address of the sender.</param>
/// <param name="SenderAddress">Address of the sender.</param>
/// <param name="TargetMac">Ethernet address of the target; all zero in a request.</param>
/// <param name="TargetAddress">Address of the target.</param>
public readonly record struct ArpHeader(
    ArpOperation Operation, MacAddress SenderMac, Ipv4Address SenderAddress, MacAddress TargetMac, Ipv4Address TargetAddress)
{
    /// <summary>Asks who has <paramref name="target"/>.</summary>
    public static ArpHeader Request(MacAddress senderMac, Ipv4Address sender, Ipv4Address target) =>
        new(ArpOperation.Request, senderMac, sender, default, target);

    /// <summary>Writes the packet.</summary>
    /// <param name="payload">At least <see cref="ArpPacket.Length"/> bytes; the first 28 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short; nothing was written.</exception>
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
