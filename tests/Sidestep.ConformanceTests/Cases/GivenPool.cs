using Sidestep.Model;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>A pool of a row.</summary>
internal static class GivenPool
{
    public static Pool Read(string name, CaseNode node, HostNames names)
    {
        node.Only("algorithm", "hash", "fragmentTracking", "slots", "persistence", "minServers", "drain", "servers");
        return new Pool
        {
            Name = name,
            Algorithm = node["algorithm"].Exists
                ? CaseEnum.Parse<Algorithm>(node["algorithm"])
                : Algorithm.ConsistentHash,
            HashFields = node["hash"].Exists ? CaseEnum.Parse<HashFields>(node["hash"]) : HashFields.SourceAddress,
            FragmentTracking = node["fragmentTracking"].FlagOr(true),
            Slots = (int)node["slots"].NumberOr(SlotCounts.All[0]),
            Persistence = node["persistence"].Exists ? ReadPersistence(node["persistence"]) : null,
            MinServers = (int)node["minServers"].NumberOr(1),
            Drain = node["drain"].Exists ? ReadDrain(node["drain"]) : Drain.Default,
            // A row has no health: its services share the servers' slots, counters and connection counts.
            Monitors = [],
            Servers = [.. node["servers"].Pairs.Select(p => ReadServer(p.Key, p.Value, names))],
        };
    }

    private static Persistence ReadPersistence(CaseNode node)
    {
        node.Only("timeout", "prefixLength4", "prefixLength6");
        return new Persistence((int)node["timeout"].Number, (int)node["prefixLength4"].NumberOr(32),
            (int)node["prefixLength6"].NumberOr(128));
    }

    private static Drain ReadDrain(CaseNode node)
    {
        node.Only("deadline", "onDeadline");
        return new Drain((int)node["deadline"].Number, CaseEnum.Parse<DrainDeadlineAction>(node["onDeadline"]));
    }

    private static RealServer ReadServer(string name, CaseNode node, HostNames names)
    {
        node.Only("address", "weight", "state", "backup", "encapsulation");
        return new RealServer
        {
            Name = name,
            Address = names.Address(node["address"]),
            Weight = (int)node["weight"].NumberOr(1),
            State = node["state"].Exists ? CaseEnum.Parse<ServerState>(node["state"]) : ServerState.Enabled,
            Backup = node["backup"].FlagOr(false),
            Encapsulation = GivenProfile.ReadEncapsulation(node["encapsulation"]),
        };
    }
}
