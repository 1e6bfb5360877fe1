namespace Sidestep.Forwarding.Lowering;

/// <summary>Properties of a server as bits: the constants SERVER_* of src/bpf/tables.h. Both engines take them from
/// here.</summary>
[Flags]
public enum ServerProperties : byte
{
    /// <summary>No property, and no server.</summary>
    None = 0,

    /// <summary>The entry holds a server with a next hop.</summary>
    Used = 1 << 0,

    /// <summary>New flows may be sent to it.</summary>
    AcceptsNew = 1 << 1,

    /// <summary>Its tracked flows move to other servers.</summary>
    FlowsMove = 1 << 2,

    /// <summary>Its TCP flows are answered with resets.</summary>
    SendRst = 1 << 3,

    /// <summary>The director itself is the server.</summary>
    Local = 1 << 4,
}

/// <summary>Flags and weights of servers.</summary>
public static class ServerLowering
{
    /// <summary>The flags of a server with its next hop.</summary>
    public static ServerProperties FlagsOf(ServerEntry server, NextHop nextHop)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(nextHop);
        return ServerProperties.Used
            | (server.IsUsable ? ServerProperties.AcceptsNew : 0)
            | (server.Flows == FlowState.Move ? ServerProperties.FlowsMove : 0)
            | (server.Flows == FlowState.Reset ? ServerProperties.SendRst : 0)
            | (nextHop.IsLocal ? ServerProperties.Local : 0);
    }

    /// <summary>Divisor of the connection count of a server; 0 when it accepts no new flows.</summary>
    public static int WeightOf(ServerEntry server, bool ignoresWeights)
    {
        ArgumentNullException.ThrowIfNull(server);
        return ignoresWeights ? Math.Min(server.Weight, 1) : server.Weight;
    }
}
