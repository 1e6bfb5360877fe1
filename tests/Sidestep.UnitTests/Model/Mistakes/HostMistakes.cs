namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>What contradicts the machine.</summary>
internal static class HostMistakes
{
    public static Mistake[] All { get; } =
    [
        new("a VIP on the loopback of the director",
            "vip: 203.0.113.10",
            "vip: 203.0.113.99",
            "29:10: error: virtualServices[0].vip: 203.0.113.99: a local address of this director (on lo): "
            + "its kernel would receive the packets that the engine must answer and forward. Choose another "
            + "VIP, or, if the address is here by mistake, remove it with `ip address del 203.0.113.99/32 dev "
            + "lo`."),
        new("a VIP on an interface of the director",
            "vip: 203.0.113.10",
            "vip: 10.0.0.1",
            "29:10: error: virtualServices[0].vip: 10.0.0.1: a local address of this director (on eth0): its kernel "
            + "would receive the packets that the engine must answer and forward. Choose another VIP, "
            + "or, if the address is here by mistake, remove it with `ip address del 10.0.0.1/24 dev eth0`."),
        new("a VIP prefix with the director's own address",
            "vip: 203.0.113.10",
            "vip: 10.0.0.0/30",
            "29:10: error: virtualServices[0].vip: 10.0.0.0/30: contains 10.0.0.1, a local address of this director "
            + "(on eth0): the engine would take the packets that are for the director itself, and cut it off. Write "
            + "prefixes without it."),
        new("a VIP prefix with the director's gateway",
            "vip: 203.0.113.10",
            "vip: 10.0.0.252/30",
            "29:10: error: virtualServices[0].vip: 10.0.0.252/30: contains 10.0.0.254, the gateway of this director "
            + "(on eth0). Write prefixes without it."),
        new("half of the address space as a VIP",
            "vip: 203.0.113.10",
            "vip: 128.0.0.0/1",
            "29:10: error: virtualServices[0].vip: 128.0.0.0/1: contains 203.0.113.99, a local address of this "
            + "director (on lo): the engine would take the packets that are for the director itself, and cut it off. "
            + "Write prefixes without it."),
        new("a server that is the director",
            "address: 10.0.0.12",
            "address: 10.0.0.1",
            "26:18: warning: pools[0].servers[1].address: 10.0.0.1: a local address of this director (on "
            + "eth0), which is then a real server itself. Write the address of another machine, or, if this is "
            + "intended, name the other directors in group.peers."),
        new("a layer-2 server behind a router",
            "address: 10.0.0.12",
            "address: 10.0.1.12",
            "26:18: error: pools[0].servers[1].address: 10.0.1.12: not on a network that is directly attached "
            + "to the director (eth0: 10.0.0.0/24), but service www reaches this pool at layer 2. Use a network "
            + "profile with dsrType: l3, or a server on one of these networks."),
        new("a layer-2 server with the broadcast address",
            "address: 10.0.0.12",
            "address: 10.0.0.255",
            "26:18: error: pools[0].servers[1].address: 10.0.0.255: the network or broadcast address of "
            + "10.0.0.0/24, which no server has. Write the address of the server."),
        new("a layer-2 server with the network address",
            "address: 10.0.0.12",
            "address: 10.0.0.0",
            "26:18: error: pools[0].servers[1].address: 10.0.0.0: the network or broadcast address of "
            + "10.0.0.0/24, which no server has. Write the address of the server."),
    ];
}
