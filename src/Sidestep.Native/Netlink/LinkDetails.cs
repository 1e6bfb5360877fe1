using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>Kind of an interface and the interfaces that it belongs to (rtnetlink(7),
/// <c>ip -details link</c>).</summary>
/// <param name="Kind">Kind of the interface, such as veth, bond or bridge; null for a hardware device.</param>
/// <param name="Master">Name of the interface that it is a port of; null when it is none.</param>
/// <param name="MasterKind">Kind of the master, such as bond or bridge; null when there is none.</param>
/// <param name="Peer">The other end of the pair, or the interface below, if that is in this network namespace; else
/// null.</param>
public sealed record LinkDetails(string? Kind, string? Master, string? MasterKind, string? Peer)
{
    private const ushort GetLink = 18;
    private const int MessageBytes = 16;
    private const ushort LinkAttribute = 5, MasterAttribute = 10, InfoAttribute = 18, NamespaceAttribute = 37;
    private const ushort InfoKind = 1, InfoSlaveKind = 4;

    /// <summary>Queries the kernel for one interface.</summary>
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
        return new LinkDetails(
            Text(info.Attribute(0, InfoKind)), NameAt(MasterAttribute), Text(info.Attribute(0, InfoSlaveKind)),
            link.Attribute(MessageBytes, NamespaceAttribute).IsEmpty ? NameAt(LinkAttribute) : null);
    }

    private static string? Text(ReadOnlyMemory<byte> value) =>
        value.IsEmpty ? null : Encoding.UTF8.GetString(value.Span).TrimEnd('\0');
}
