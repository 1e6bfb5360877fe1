using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>Reads the traffic control configuration of an interface through rtnetlink.</summary>
public static class TcFilters
{
    private const ushort GetFilter = 46;
    private const ushort GetQdisc = 38;
    private const int TcMessageBytes = 20;
    private const uint IngressParent = 0xfffffff2, EgressParent = 0xfffffff3, ClsactParent = 0xfffffff1;
    private const ushort KindAttribute = 1, OptionsAttribute = 2, ChainAttribute = 11;
    private const ushort BpfName = 7, BpfId = 11;

    /// <summary>The ingress filters of an interface.</summary>
    public static IReadOnlyList<TcFilter> Ingress(NetlinkSocket socket, int interfaceIndex) =>
        List(socket, interfaceIndex, IngressParent);

    /// <summary>The egress filters of an interface.</summary>
    public static IReadOnlyList<TcFilter> Egress(NetlinkSocket socket, int interfaceIndex) =>
        List(socket, interfaceIndex, EgressParent);

    /// <summary>The qdisc that holds ingress filters: <c>clsact</c>, <c>ingress</c>, or null.</summary>
    public static string? Qdisc(NetlinkSocket socket, int interfaceIndex)
    {
        var request = new NetlinkRequest("list qdiscs", GetQdisc, NetlinkRequest.Dump, Message(interfaceIndex, 0));
        return ParseQdisc(socket.Execute(request), interfaceIndex);
    }

    /// <summary>Kind of the qdisc for ingress filters in a dump; null when the interface has none.</summary>
    internal static string? ParseQdisc(IEnumerable<NetlinkMessage> messages, int interfaceIndex)
    {
        foreach (var reply in messages)
        {
            var message = reply.Payload;
            // Some kernels list the qdiscs of every interface, whatever the request named.
            if (BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(4)) == interfaceIndex
                && BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(12)) == ClsactParent)
                return Text(reply.Attribute(TcMessageBytes, KindAttribute));
        }
        return null;
    }

    private static List<TcFilter> List(NetlinkSocket socket, int interfaceIndex, uint parent) => Parse(socket.Execute(
        new NetlinkRequest("list tc filters", GetFilter, NetlinkRequest.Dump, Message(interfaceIndex, parent))));

    /// <summary>The filters of a dump, in the kernel's order.</summary>
    internal static List<TcFilter> Parse(IEnumerable<NetlinkMessage> messages)
    {
        var filters = new List<TcFilter>();
        foreach (var reply in messages)
        {
            var handle = BinaryPrimitives.ReadUInt32LittleEndian(reply.Payload.AsSpan(8));
            // Handle 0 is the classifier itself, which the kernel lists before its filters.
            if (handle == 0)
                continue;
            // tcm_info: the priority in the upper 16 bits, the protocol in the lower 16, in network byte order.
            var priority = BinaryPrimitives.ReadUInt16LittleEndian(reply.Payload.AsSpan(18));
            var protocol = BinaryPrimitives.ReadUInt16BigEndian(reply.Payload.AsSpan(16));
            var options = new NetlinkMessage(0, 0, reply.Attribute(TcMessageBytes, OptionsAttribute).ToArray());
            var kind = Text(reply.Attribute(TcMessageBytes, KindAttribute));
            filters.Add(new TcFilter(new TcFilterPosition(priority, handle), kind)
            {
                Protocol = protocol,
                Chain = Number(reply.Attribute(TcMessageBytes, ChainAttribute)),
                Name = Text(options.Attribute(0, BpfName)),
                ProgramId = Number(options.Attribute(0, BpfId)),
            });
        }
        return filters;
    }

    /// <summary>struct tcmsg: family, padding, interface, handle, parent, info.</summary>
    private static byte[] Message(int interfaceIndex, uint parent)
    {
        var bytes = new byte[TcMessageBytes];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), interfaceIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), parent);
        return bytes;
    }

    private static uint Number(ReadOnlyMemory<byte> value) =>
        value.Length == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(value.Span) : 0;

    private static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span).TrimEnd('\0');
}

/// <summary>A traffic control filter of an interface (tc(8)).</summary>
/// <param name="Position">Priority and handle.</param>
/// <param name="Kind">The classifier: <c>bpf</c>, <c>u32</c>, ...</param>
public sealed record TcFilter(TcFilterPosition Position, string Kind)
{
    /// <summary>ETH_P_ALL: the filter sees every packet.</summary>
    public const ushort AllProtocols = 3;

    /// <summary>EtherType (ETH_P_*) that the filter matches, host byte order.</summary>
    public ushort Protocol { get; init; }

    /// <summary>Chain of the filter. Chains other than 0 run only when a filter jumps there.</summary>
    public uint Chain { get; init; }

    /// <summary>Name that a program gave to its BPF filter when it attached the filter; empty for other filters. libbpf
    /// writes <c>name:[id]</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>The kernel's id of the BPF program; 0 for other classifiers.</summary>
    public uint ProgramId { get; init; }
}
