using System.Net.Sockets;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>Routing rules: the kernel looks up packets with a mark in a separate table (rtnetlink(7), <c>ip
/// rule</c>).</summary>
public static class PolicyRules
{
    private const ushort NewRule = 32, DeleteRule = 33;
    private const ushort IngressAttribute = 3, PriorityAttribute = 6, MarkAttribute = 10, TableAttribute = 15;
    private const ushort MaskAttribute = 16;
    private const int RuleMessageBytes = 12;
    private const byte ToTable = 1;

    /// <summary>Adds a rule; the kernel evaluates it for packets from now on.</summary>
    /// <returns>False when it existed already.</returns>
    public static bool Add(NetlinkSocket socket, MarkRule rule)
    {
        try
        {
            socket.Execute(Request("add", NewRule, NetlinkRequest.Create | NetlinkRequest.Exclusive, rule));
            return true;
        }
        catch (NativeException e) when (e.IsBusy)
        {
            return false;
        }
    }

    /// <summary>Removes a rule, if it exists.</summary>
    public static void Remove(NetlinkSocket socket, MarkRule rule)
    {
        try
        {
            socket.Execute(Request("remove", DeleteRule, 0, rule));
        }
        catch (NativeException e) when (e.IsNotFound)
        {
            // It does not exist.
        }
    }

    internal static NetlinkRequest Request(string verb, ushort type, ushort flags, MarkRule rule)
    {
        Span<byte> message = stackalloc byte[RuleMessageBytes];
        message.Clear();
        // struct fib_rule_hdr; its byte for the table holds only numbers below 256
        message[0] = NetlinkFamily.Of(rule.Family);
        message[7] = ToTable;
        var request = new NetlinkRequest(
                $"{verb} rule for mark 0x{rule.Mark:x}/0x{rule.Mask:x}", type, flags, message)
            .With(PriorityAttribute, rule.Priority).With(MarkAttribute, rule.Mark)
            .With(MaskAttribute, rule.Mask).With(TableAttribute, rule.Table);
        return rule.Ingress is { } name
            ? request.With(IngressAttribute, Encoding.UTF8.GetBytes(name + '\0')) : request;
    }
}

/// <summary>A rule: packets with this mark are routed by this table.</summary>
/// <param name="Family">Address family of the packets.</param>
/// <param name="Priority">Rules with smaller numbers are evaluated first; the table local has 0, main 32766.</param>
/// <param name="Mark">Value of the masked mark.</param>
/// <param name="Mask">Bits of the mark that count.</param>
/// <param name="Table">Number of the table.</param>
public sealed record MarkRule(AddressFamily Family, uint Priority, uint Mark, uint Mask, uint Table)
{
    /// <summary>Name of the ingress interface; <c>lo</c> for packets that this machine sends, and for the validation of
    /// the source of packets that it receives. Null: all packets.</summary>
    public string? Ingress { get; init; }
}
