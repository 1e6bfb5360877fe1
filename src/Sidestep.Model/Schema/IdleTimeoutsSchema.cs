namespace Sidestep.Model.Schema;

/// <summary>The mapping <c>idleTimeouts</c> of a network profile.</summary>
internal static class IdleTimeoutsSchema
{
    public static readonly Key<int> Tcp = Seconds("tcp", IdleTimeouts.Default.Tcp, "Of TCP.");

    public static readonly Key<int> Udp = Seconds("udp", IdleTimeouts.Default.Udp, "Of UDP.");

    public static readonly Key<int> Icmp = Seconds("icmp", IdleTimeouts.Default.Icmp, "Of ICMP and every other protocol.");

    public static readonly Key<int> AfterFin = Key<int>.Optional("afterFin", new IntegerKind(1, Limits.Seconds),
        "From the client's FIN on, to forget closed connections sooner. Without it a FIN changes nothing.");

    public static readonly Key<int> AfterRst = Key<int>.Optional("afterRst", new IntegerKind(1, Limits.Seconds),
        "From the client's RST on. Without it a RST changes nothing.");

    public static readonly MappingKind Kind = new("the mapping idleTimeouts",
        "Seconds without a packet after which a remembered flow is forgotten.", Tcp, Udp, Icmp, AfterFin, AfterRst);

    public static IdleTimeouts Build(BoundMapping m) => new(
        m.Value(Tcp), m.Value(Udp), m.Value(Icmp), m.Find(AfterFin)?.Value, m.Find(AfterRst)?.Value);

    private static Key<int> Seconds(string name, int seconds, string description) =>
        Key<int>.WithDefault(name, new IntegerKind(1, Limits.Seconds), seconds, description);
}
