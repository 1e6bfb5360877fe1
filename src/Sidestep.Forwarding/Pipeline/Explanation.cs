using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Trace of a packet through the pipeline, stage by stage.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="Reason">The drop reason; null unless it was dropped.</param>
/// <param name="Stages">All six stages; those that the packet did not reach have an empty text.</param>
public sealed record Explanation(Decision Decision, DropReason? Reason, ImmutableArray<ExplainedStage> Stages)
{
    /// <summary>Explains the last frame of a pipeline.</summary>
    /// <param name="pipeline">The pipeline, which has just processed the frame.</param>
    /// <param name="tables">The tables that it was processed with.</param>
    /// <param name="decision">The decision.</param>
    public static Explanation Of(PacketPipeline pipeline, PipelineTables tables, Decision decision)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(tables);
        var p = pipeline.LastPacket;
        var service = p.Service >= 0 ? tables.Services.FirstOrDefault(s => s.Id == p.Service) : null;
        var server = tables.Server(p.Server);
        return new Explanation(decision, decision == Decision.Drop ? p.Reason : null,
        [
            Parsed(p), Classified(p, tables, service, decision), Selected(p, tables, service, server),
            Encapsulated(p, server, decision), Transmitted(p, tables, decision),
            Accounted(p, service, server, decision),
        ]);
    }

    private static ExplainedStage Parsed(Packet p)
    {
        if (p.Protocol < 0 && p.Destination0 == 0 && p.Destination1 == 0)
            return new ExplainedStage("Parse", "not IP, or truncated before its addresses", []);
        var source = FlowTable.AddressOf(p.IsIpv6, p.Source0, p.Source1);
        var destination = FlowTable.AddressOf(p.IsIpv6, p.Destination0, p.Destination1);
        var fields = new List<TraceField>
        {
            new("source", source.ToString()), new("destination", destination.ToString()), new("ipOffset", p.L3),
            new("datagramBytes", p.Length), new("trafficClass", (int)p.TrafficClass),
        };
        if (p.Protocol < 0)
            return new ExplainedStage("Parse", $"{source} > {destination}", [.. fields]);
        fields.Add(new("protocol", p.Protocol));
        var text = Text($"{VerdictText.OfProtocol(p.Protocol)}, {source} > {destination}");
        if (p.HasPorts && !p.IsLaterFragment)
        {
            fields.AddRange([new("sourcePort", p.SourcePort), new("destinationPort", p.DestinationPort)]);
            var (from, to) = (new IPEndPoint(source, p.SourcePort), new IPEndPoint(destination, p.DestinationPort));
            text = Text($"{VerdictText.OfProtocol(p.Protocol)}, {from} > {to}");
        }
        if (p.IsQuoted)
        {
            fields.Add(new("quotedByIcmpError", true));
            text = $"an ICMP error about the flow {text}";
        }
        if (p.IsFirstFragment || p.IsLaterFragment)
        {
            fields.Add(new("fragment", p.IsFirstFragment ? "first" : "later"));
            text += p.IsFirstFragment ? ", the first fragment" : ", a later fragment, which has no ports";
        }
        return new ExplainedStage("Parse", text, [.. fields]);
    }

    private static ExplainedStage Classified(Packet p, PipelineTables tables, ServiceRecord? service, Decision decision)
    {
        if (p.Vip < 0)
        {
            return new ExplainedStage("Classify", decision == Decision.Drop
                ? VerdictText.Of(p.Reason) : "the destination is no VIP: left to the kernel", []);
        }
        var vip = tables.Vips[p.Vip];
        var address = PrefixText.Of(vip.Entry.Address);
        var fields = new List<TraceField> { new("vip", address), new("intervals", vip.Intervals.Length) };
        if (service is not null)
        {
            fields.Add(new("service", service.Entry.Key.ToString()));
            fields.Add(new("accessList", service.Entry.AccessList?.Name));
            var access = service.Entry.AccessList is not { } list ? ""
                : $", access list {list.Name} {(p.Reason == DropReason.AccessDenied ? "denies" : "allows")} the source";
            return new ExplainedStage(
                "Classify", $"VIP {address} -> service {service.Entry.Key}{access}", [.. fields]);
        }
        var otherwise = decision switch
        {
            Decision.Pass => "not addressed to this interface, or not a request that is answered: left to the kernel",
            Decision.DeliverLocally => "sent by another director: delivered locally",
            Decision.Drop => VerdictText.Of(p.Reason),
            _ => VerdictText.WithoutService(decision),
        };
        return new ExplainedStage("Classify", $"VIP {address}, {otherwise}", [.. fields]);
    }

    private static ExplainedStage Selected(
        Packet p, PipelineTables tables, ServiceRecord? service, ServerRecord? server)
    {
        if (service is null || (p.Slot < 0 && server is null))
            return new ExplainedStage("Select", p.Reason == DropReason.NoServer ? VerdictText.Of(p.Reason) : "", []);
        var fields = new List<TraceField>
        {
            new("pool", service.Entry.Group.Pool.ToString()), new("algorithm", service.Entry.Algorithm.ToString()),
        };
        var text = "";
        if (p.Slot >= 0)
        {
            var current = tables.Server((int)(service.Slots[p.Slot] & SlotWords.ServerMask));
            var previous = service.PreviousServers is { } previousServers
                ? tables.Server((int)previousServers[p.Slot]) : null;
            fields.AddRange(
            [
                new("hashFields",
                    p.HashesSourceAlone ? nameof(HashFields.SourceAddress) : service.HashFields.ToString()),
                new("hash", p.Hash.ToString("x16", CultureInfo.InvariantCulture)),
                new("slot", p.Slot), new("slots", service.Slots.Length),
                new("slotServer", current?.Key.Name), new("previousServer", previous?.Key.Name),
            ]);
            var servers = (current?.Key.Name ?? "no server")
                + (previous is null ? "" : $", previously {previous.Key.Name}");
            var how = service.HasNoFlow(p) ? "each datagram by itself" : Text($"hash {p.Hash:x16}");
            text = Text($"{how} -> slot {p.Slot} of {service.Slots.Length} ({servers})");
        }
        fields.Add(new("flow", p.FlowLookup.ToString()));
        text += p.FlowLookup switch
        {
            FlowLookup.Skipped => "",
            FlowLookup.Miss => "; the flow is not tracked",
            FlowLookup.Hit => "; the flow is tracked",
            FlowLookup.Inserted => "; the flow is now tracked",
            _ => "a later fragment follows its first fragment",
        };
        if (server is null)
            return new ExplainedStage("Select", $"{text}; no usable server", [.. fields]);
        fields.AddRange([new("server", server.Key.Name), new("address", server.Key.Address.ToString())]);
        return new ExplainedStage("Select", $"{text} -> server {server.Key.Name} ({server.Key.Address})", [.. fields]);
    }

    private static ExplainedStage Encapsulated(Packet p, ServerRecord? server, Decision decision)
    {
        if (server is null || decision is not (Decision.Forward or Decision.Punted))
            return new ExplainedStage("Encapsulate", NotEncapsulated(p, server, decision), []);
        var encap = server.Mode != ForwardingMode.L2
            ? Text($"{server.Mode} in IPv{(server.IsOuterIpv6 ? 6 : 4)}").ToLowerInvariant() : "layer 2";
        var punted = decision == Decision.Punted ? "; too big, sent in fragments" : "";
        return new ExplainedStage("Encapsulate", Text($"{encap}, {server.OuterBytes} bytes in front{punted}"),
        [
            new("encap", server.Key.Group.Encap.ToString()), new("outerBytes", server.OuterBytes),
            new("innerMtu", server.InnerMtu), new("mtu", server.Mtu),
        ]);
    }

    private static string NotEncapsulated(Packet p, ServerRecord? server, Decision decision) => decision switch
    {
        Decision.IcmpTooBig => Text($"too big: {server?.InnerMtu} bytes fit, the sender gets an ICMP error"),
        Decision.TcpReset when Account.IsRejected(p, decision) => "the client gets a reset",
        Decision.IcmpUnreachable => "the sender gets an ICMP error",
        Decision.TcpReset => "the drain of the server is over: the client gets a reset",
        Decision.DeliverLocally when server is not null => "this machine is the server: unchanged",
        Decision.Drop when server is not null => VerdictText.Of(p.Reason),
        _ => "",
    };

    private static ExplainedStage Transmitted(Packet p, PipelineTables tables, Decision decision)
    {
        if (decision is Decision.Pass or Decision.Drop or Decision.DeliverLocally)
        {
            return new ExplainedStage("Transmit",
                decision == Decision.Drop ? $"dropped: {CounterName.Of(p.Reason)}" : "left to the kernel", []);
        }
        var name = tables.Origin.Interfaces.FirstOrDefault(i => i.Index == p.Egress)?.Name ?? Text($"{p.Egress}");
        return new ExplainedStage("Transmit", $"out by {name}", [new("interface", name)]);
    }

    private static ExplainedStage Accounted(Packet p, ServiceRecord? service, ServerRecord? server, Decision decision)
    {
        var fields = new List<TraceField> { new("bytes", p.FrameLength) };
        var text = decision switch
        {
            Decision.Pass => "not counted",
            Decision.Drop => $"drop {CounterName.Of(p.Reason)}",
            Decision.Forward => $"service {service?.Entry.Key}, server {server?.Key.Name}",
            Decision.DeliverLocally when server is not null =>
                $"service {service?.Entry.Key}, server {server.Key.Name}",
            _ when Account.IsRejected(p, decision) => $"{CounterName.Of(decision)}, drop {CounterName.Of(p.Reason)}",
            _ => CounterName.Of(decision),
        };
        fields.Add(new("counter", text));
        return new ExplainedStage("Account", Text($"{text}, {p.FrameLength} bytes"), [.. fields]);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A stage of the pipeline in a trace.</summary>
/// <param name="Name">Parse, Classify, Select, Encapsulate, Transmit or Account.</param>
/// <param name="Text">What happened, for people; empty: the packet did not reach the stage.</param>
/// <param name="Fields">What happened, for programs.</param>
public sealed record ExplainedStage(string Name, string Text, ImmutableArray<TraceField> Fields);

/// <summary>A value that a stage looked up, matched or computed.</summary>
/// <param name="Name">Name of the field in JSON.</param>
/// <param name="Value">A string, a number or a Boolean; null: none.</param>
public readonly record struct TraceField(string Name, object? Value);
