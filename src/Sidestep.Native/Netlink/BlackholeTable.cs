using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>Suppresses destinations for packets that arrive at an interface: the kernel neither forwards to them nor
/// answers for them. A rule for the interface leads to a table of blackhole routes (<c>ip rule add iif</c>,
/// <c>ip route add blackhole</c>). Local addresses stay local, and packets that this machine sends are not
/// affected.</summary>
public static class BlackholeTable
{
    private const ushort NewRule = 32, DeleteRule = 33;
    private const ushort InputNameAttribute = 3, PriorityAttribute = 6, RuleTableAttribute = 15;
    private const byte ToTable = 1;
    private const int RuleMessageBytes = 12, NoFamily = 97;

    /// <summary>Adds the blackhole route of a prefix to a table, unless it exists.</summary>
    public static void Add(NetlinkSocket socket, uint table, IPNetwork prefix) =>
        Execute(socket, Route(
            "add blackhole route", RouteMessage.New, NetlinkRequest.Create | NetlinkRequest.Replace, table, prefix));

    /// <summary>Adds the blackhole route of a prefix to a table, unless it exists.</summary>
    /// <returns>True if it was missing.</returns>
    public static bool Restore(NetlinkSocket socket, uint table, IPNetwork prefix) =>
        Execute(socket, Route("restore blackhole route", RouteMessage.New,
            NetlinkRequest.Create | NetlinkRequest.Exclusive, table, prefix));

    /// <summary>Removes the blackhole route of a prefix, if it exists.</summary>
    public static void Remove(NetlinkSocket socket, uint table, IPNetwork prefix) =>
        Execute(socket, Route("remove blackhole route", RouteMessage.Delete, 0, table, prefix));

    /// <summary>Adds the rule that leads packets from an interface to the table, unless it exists.</summary>
    /// <returns>True if it was missing.</returns>
    public static bool AddRule(
        NetlinkSocket socket, AddressFamily family, uint priority, string interfaceName, uint table)
    {
        const ushort Flags = NetlinkRequest.Create | NetlinkRequest.Exclusive;
        return Execute(socket, Rule("add", NewRule, Flags, family, priority, interfaceName, table));
    }

    /// <summary>Removes that rule, if it exists.</summary>
    public static void RemoveRule(
        NetlinkSocket socket, AddressFamily family, uint priority, string interfaceName, uint table) =>
        Execute(socket, Rule("remove", DeleteRule, 0, family, priority, interfaceName, table));

    /// <returns>True if the kernel has changed something.</returns>
    private static bool Execute(NetlinkSocket socket, NetlinkRequest request)
    {
        try
        {
            socket.Execute(request);
            return true;
        }
        catch (NativeException e) when (e.IsBusy || e.IsNotFound
            || e.Errno is Interop.Libc.ESRCH or NoFamily or Interop.Libc.EOPNOTSUPP)
        {
            // The desired state holds already; or the family is switched off, and then the kernel answers nothing of
            // it.
            return false;
        }
    }

    internal static NetlinkRequest Route(string verb, ushort type, ushort flags, uint table, IPNetwork prefix)
    {
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(prefix.BaseAddress.AddressFamily);
        message[RouteMessage.LengthAt] = (byte)prefix.PrefixLength;
        message[RouteMessage.ProtocolAt] = RouteMessage.ByAdministrator;
        message[RouteMessage.TypeAt] = RouteMessage.Blackhole;
        return new NetlinkRequest($"{verb} {prefix}", type, flags, message)
            .With(RouteMessage.Destination, prefix.BaseAddress.GetAddressBytes()).With(RouteMessage.Table, table);
    }

    internal static NetlinkRequest Rule(
        string verb, ushort type, ushort flags, AddressFamily family, uint priority, string interfaceName, uint table)
    {
        // struct fib_rule_hdr
        Span<byte> message = stackalloc byte[RuleMessageBytes];
        message.Clear();
        message[0] = NetlinkFamily.Of(family);
        message[7] = ToTable;
        return new NetlinkRequest($"{verb} rule for {interfaceName}", type, flags, message)
            .With(PriorityAttribute, priority)
            .With(InputNameAttribute, Encoding.UTF8.GetBytes(interfaceName + '\0'))
            .With(RuleTableAttribute, table);
    }
}
