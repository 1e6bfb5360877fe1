using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>The XDP features that a device reports (generic netlink family <c>netdev</c>, Linux 6.3;
/// linux/netdev.h).</summary>
[Flags]
public enum XdpFeatures
{
    /// <summary>No XDP support in the driver.</summary>
    None = 0,

    /// <summary>The driver runs XDP programs.</summary>
    Basic = 1,

    /// <summary>Programs may redirect frames to other interfaces.</summary>
    Redirect = 2,

    /// <summary>The device transmits frames that other devices redirect to it.</summary>
    Transmit = 4,

    /// <summary>AF_XDP without copying (zero copy).</summary>
    ZeroCopy = 8,
}

/// <summary>Queries the XDP features of a device.</summary>
public static class XdpFeatureQuery
{
    private const int GenericNetlink = 16, HeaderBytes = 4;
    private const ushort Controller = 16, FamilyId = 1, FamilyName = 2, InterfaceAttribute = 1, FeaturesAttribute = 3;
    private const byte GetFamily = 3, GetDevice = 1;

    /// <summary>The features; null when the kernel is too old to report them.</summary>
    public static XdpFeatures? Of(int interfaceIndex)
    {
        try
        {
            using var socket = NetlinkSocket.Open(protocol: GenericNetlink);
            var family = Execute(socket, Controller, GetFamily, FamilyId,
                static r => r.With(FamilyName, Encoding.ASCII.GetBytes("netdev\0")));
            if (family.Length < 2)
                return null;
            var familyId = BinaryPrimitives.ReadUInt16LittleEndian(family.Span);
            var features = Execute(socket, familyId, GetDevice, FeaturesAttribute,
                r => r.With(InterfaceAttribute, (uint)interfaceIndex));
            return features.Length < 8 ? null : (XdpFeatures)BinaryPrimitives.ReadUInt64LittleEndian(features.Span);
        }
        catch (NativeException)
        {
            return null; // no such family, or none of its commands
        }
    }

    private static ReadOnlyMemory<byte> Execute(
        NetlinkSocket socket, ushort type, byte command, ushort attribute, Func<NetlinkRequest, NetlinkRequest> with)
    {
        // struct genlmsghdr: command, version, reserved
        var replies = socket.Execute(with(new NetlinkRequest("query XDP features", type, 0, [command, 1, 0, 0])));
        return replies.Count == 0 ? default : replies[0].Attribute(HeaderBytes, attribute);
    }
}
