using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>idleTimeouts</c> of a network profile.</summary>
internal static class IdleTimeoutsSchema
{
    public static readonly Key<int> Tcp = Seconds("tcp", IdleTimeouts.Default.Tcp,
        "Idle timeout of TCP flows, SCTP associations and DCCP connections, seconds.");

    public static readonly Key<int> Udp = Seconds("udp", IdleTimeouts.Default.Udp,
        "Idle timeout of UDP and UDP-Lite flows, seconds.");

    public static readonly Key<int> Icmp = Seconds("icmp", IdleTimeouts.Default.Icmp,
        "Idle timeout of flows of ICMP and every other protocol, seconds.");

    public static readonly Key<int> AfterFin = Key<int>.Optional("afterFin", new IntegerKind(1, Limits.Seconds),
        "Idle timeout from the client's FIN on, seconds. Without it, a FIN changes nothing.");

    public static readonly Key<int> AfterRst = Key<int>.Optional("afterRst", new IntegerKind(1, Limits.Seconds),
        "Idle timeout from the client's RST on, seconds. Without it, a RST changes nothing.");

    public static readonly MappingKind Kind = new("the mapping idleTimeouts",
        "Seconds without a packet after which a tracked flow expires.", Tcp, Udp, Icmp, AfterFin, AfterRst);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(IdleTimeouts timeouts) => MappingNode.Of(
        Tcp.Write(timeouts.Tcp), Udp.Write(timeouts.Udp), Icmp.Write(timeouts.Icmp),
        AfterFin.WriteOptional(timeouts.AfterFin), AfterRst.WriteOptional(timeouts.AfterRst));

    public static IdleTimeouts Build(BoundMapping m) => new(
        m.Value(Tcp), m.Value(Udp), m.Value(Icmp), m.Find(AfterFin)?.Value, m.Find(AfterRst)?.Value);

    private static Key<int> Seconds(string name, int seconds, string description) =>
        Key<int>.WithDefault(name, new IntegerKind(1, Limits.Seconds), seconds, description);
}
