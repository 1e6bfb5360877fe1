using System.Net;
using System.Text;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Messages between daemon and command line: they come back as they were, and other text is
/// rejected.</summary>
public sealed class LocalApiJsonTests
{
    private static readonly ServerKey Server =
        new(new GroupKey(PoolKey.InDefault("web"), new Encap(ForwardingMode.IpIp, 0, IPNetwork.Parse("198.18.0.0/15"))),
            "web1", VrfAddress.Parse("2001:db8::11"));

    [Fact]
    public void Flows_are_written_with_text_for_addresses_and_groups()
    {
        const string Json = "{'table':{'capacity':4,'servers':[{'group':'web/ipip@198.18.0.0/15','name':'web1',"
            + "'address':'2001:db8::11'}],'services':['www']},'flows':[]}";
        var flows = new FlowsResponse(new FlowTableStatus(4, [Server], [ServiceKey.InDefault("www")]), []);
        Assert.Equal(Json.Replace('\'', '"'), Encoding.UTF8.GetString(LocalApiJson.Write(flows)));
    }

    [Fact]
    public void Flow_is_read_back()
    {
        var flow = new TrackedFlow(ServiceKey.InDefault("www"),
            new Flow(IPAddress.Parse("2001:db8:c::7"), IPAddress.Parse("2001:db8:10::10"), 6, 40000, 443), Server,
            TimeSpan.FromMilliseconds(1500), TimeSpan.FromHours(3));
        var read = LocalApiJson.Read<FlowsResponse>(
            LocalApiJson.Write(new FlowsResponse(new FlowTableStatus(1, [], []), [flow])));
        Assert.Equal(flow, Assert.Single(read.Flows));
    }

    [Fact]
    public void Capture_request_is_read_back()
    {
        var request = new CaptureRequest(3, new CaptureFilter
        {
            Addresses = [new AddressCondition(IPNetwork.Parse("203.0.113.0/24"), CapturedSide.Destination)],
            Ports = [80, 65535],
            Protocol = CapturedProtocol.Icmp,
            Service = "www",
            Server = "web1",
            Decision = Decision.Drop,
            Reason = DropReason.TooBig,
        }, new CaptureLimits { Snap = 128, Sample = 10, Rate = 0 }, true);
        var read = LocalApiJson.Read<CaptureRequest>(LocalApiJson.Write(request));
        Assert.Equal(request.Filter.Addresses, read.Filter.Addresses);
        Assert.Equal(request.Filter.Ports, read.Filter.Ports);
        Assert.Equal(request.Filter with { Addresses = [], Ports = [] },
            read.Filter with { Addresses = [], Ports = [] });
        Assert.Equal((request.Session, request.Limits, request.IsLast), (read.Session, read.Limits, read.IsLast));
    }

    [Fact]
    public void Captured_frame_is_read_back()
    {
        var frame = new CapturedFrame
        {
            Number = 1,
            Time = long.MaxValue,
            IsOut = true,
            Interface = "eth0",
            Decision = Decision.Forward,
            Action = XdpAction.Redirect,
            Service = "www",
            Server = "web1",
            ServerAddress = IPAddress.Parse("10.0.0.1"),
            Length = 1514,
            Bytes = new byte[] { 1, 2, 255 },
        };
        var read = LocalApiJson.Read<CaptureResponse>(
            LocalApiJson.Write(new CaptureResponse(9, [frame], new CaptureCounts(5, 6))));
        Assert.Equal((9, new CaptureCounts(5, 6)), (read.Session, read.Counts));
        Assert.Equal([1, 2, 255], read.Frames[0].Bytes.ToArray());
        Assert.Equal(frame with { Bytes = default }, read.Frames[0] with { Bytes = default });
    }

    [Fact]
    public void Trace_is_read_back()
    {
        var explanation = new Explanation(Decision.Drop, DropReason.NoServer,
            [new ExplainedStage("Parse", "tcp", [new TraceField("protocol", 6), new TraceField("service", null)])]);
        var read = LocalApiJson.Read<TraceResponse>(LocalApiJson.Write(new TraceResponse([1], explanation, [])));
        Assert.Equal((Decision.Drop, DropReason.NoServer), (read.Explanation.Decision, read.Explanation.Reason!.Value));
        Assert.Equal(("Parse", "tcp"), (read.Explanation.Stages[0].Name, read.Explanation.Stages[0].Text));
        Assert.Equal(["protocol=6", "service="],
            read.Explanation.Stages[0].Fields.Select(static f => $"{f.Name}={f.Value}"));
        Assert.Equal([1], read.Frame);
        Assert.Empty(read.Sent);
    }

    [Fact]
    public void Plan_is_read_back()
    {
        var server =
            new ServerPlan("web1", Server.Address.Address, ChangeKind.Changed, "weight 1", "draining", 100, 0,
            new FlowForecast(1, 2, 3));
        var plan = new Plan([new ServicePlan("www", ChangeKind.Added, null, "203.0.113.10 tcp/80 by web/ipip")],
            [new GroupPlan(Server.Group, ChangeKind.None, 1021, 17, [server])], ["a warning"]);
        var read = LocalApiJson.Read<Plan>(LocalApiJson.Write(plan));
        Assert.Equal(plan.Services, read.Services);
        Assert.Equal(plan.Groups[0].Servers, read.Groups[0].Servers);
        Assert.Equal(plan.Warnings, read.Warnings);
        Assert.Equal((1021, 17, new FlowForecast(1, 2, 3), false),
            (read.Slots, read.MovedSlots, read.Flows, read.IsEmpty));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"table\":{\"capacity\":\"many\"}}")]
    public void Other_message_is_rejected_with_a_remedy(string json) => AssertRejected(json);

    [Theory]
    [InlineData("web", "::1")] // without an encapsulation
    [InlineData("web/tape", "::1")]
    [InlineData("web/l2", "host")]
    public void Invalid_group_or_address_is_rejected_with_a_remedy(string group, string address)
    {
        var json = $"{{'table':{{'capacity':1,'servers':[{{'group':'{group}','name':'a','address':'{address}'}}],"
            + "'services':[]},'flows':[]}";
        AssertRejected(json.Replace('\'', '"'));
    }

    private static void AssertRejected(string json)
    {
        var error = Assert.Throws<EngineException>(
            () => LocalApiJson.Read<FlowsResponse>(Encoding.UTF8.GetBytes(json)));
        Assert.StartsWith("this version cannot read the message of the running director (", error.Message,
            StringComparison.Ordinal);
        Assert.EndsWith("): use the same version of sidestep and sidestepd", error.Message, StringComparison.Ordinal);
    }
}
