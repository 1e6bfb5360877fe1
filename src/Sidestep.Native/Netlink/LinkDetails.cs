using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>What an interface is made of and belongs to (rtnetlink(7), <c>ip -details link</c>).</summary>
/// <param name="Kind">Such as veth, bond or bridge; null for a device of hardware.</param>
/// <param name="Master">What it is a part of; null: nothing.</param>
/// <param name="MasterKind">Such as bond or bridge.</param>
/// <param name="Peer">The interface that it is the other end of, or lies on, if that is in this network namespace.</param>
public sealed record LinkDetails(string? Kind, string? Master, string? MasterKind, string? Peer)
{
    private const ushort GetLink = 18;
    private const int MessageBytes = 16;
    private const ushort LinkAttribute = 5, MasterAttribute = 10, InfoAttribute = 18, NamespaceAttribute = 37;
    private const ushort InfoKind = 1, InfoSlaveKind = 4;

    /// <summary>Asks.</summary>
    public static LinkDetails Of(NetlinkSocket socket, int interfaceIndex)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> message = stackalloc byte[MessageBytes];
        message.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
        var link = socket.Execute(new NetlinkRequest($"show interface {interfaceIndex}", GetLink, 0, message))[0];
        var info = new NetlinkMessage(0, 0, link.Attribute(MessageBytes, InfoAttribute).ToArray());
        string? NameAt(ushort attribute) => link.Attribute(MessageBytes, attribute) is { Length: 4 } index
            ? Kernel.InterfaceName(BinaryPrimitives.ReadInt32LittleEndian(index.Span)) : null;
        return new LinkDetails(Text(info.Attribute(0, InfoKind)), NameAt(MasterAttribute), Text(info.Attribute(0, InfoSlaveKind)),
            link.Attribute(MessageBytes, NamespaceAttribute).IsEmpty ? NameAt(LinkAttribute) : null);
    }

    private static string? Text(ReadOnlyMemory<byte> value) => value.IsEmpty ? null : Encoding.UTF8.GetString(value.Span).TrimEnd('\0');
}
