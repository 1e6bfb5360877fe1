using System.CommandLine;
using System.Net;
using System.Text.Json;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Commands;

/// <summary>The programs that the lab runs inside its namespaces: clients and the echo service. The help does not list
/// them.</summary>
internal static class InsideCommands
{
    private const int HttpPort = 80;
    private const int EchoPort = 7;

    private static readonly Option<IPAddress[]> VipOption = new("--vip")
    {
        Required = true,
        CustomParser = r =>
        [.. r.Tokens.Select(t => IPAddress.Parse(t.Value))]
    };
    private static readonly Option<string[]> SourceOption = new("--source") { Required = true };
    private static readonly Option<int> RequestsOption = new("--requests");
    private static readonly Option<int> DatagramsOption = new("--datagrams");
    private static readonly Option<int> ConcurrencyOption = new("--concurrency");
    private static readonly Option<double> RateOption = new("--rate");
    private static readonly Option<bool> UploadOption = new("--upload");
    private static readonly Option<string> NameOption = new("--name") { Required = true };

    public static IEnumerable<Command> All()
    {
        var http = new Command("http") { VipOption, SourceOption, RequestsOption, ConcurrencyOption, RateOption,
            UploadOption };
        http.SetAction((result, _) => HttpAsync(result));
        var udp = new Command("udp") { VipOption, SourceOption, DatagramsOption };
        udp.SetAction((result, _) => UdpAsync(result));
        var identify = new Command("who") { VipOption, SourceOption };
        identify.SetAction((result, _) => IdentifyServersAsync(result));
        yield return new Command("traffic") { Hidden = true, Subcommands = { http, udp, identify } };

        var echo = new Command("echo") { VipOption, NameOption };
        echo.Hidden = true;
        echo.SetAction(async (result, cancel) =>
        {
            var name = result.GetRequiredValue(NameOption);
            await Task.WhenAll(result.GetRequiredValue(VipOption)
                .Select(v => EchoServer.RunAsync(new IPEndPoint(v, EchoPort), name, cancel)));
            return 0;
        });
        yield return echo;
        foreach (var command in ChurnCommands.All())
            yield return command;
    }

    private static async Task<int> HttpAsync(ParseResult result)
    {
        var vips = Vips(result);
        var plan = new HttpPlan(
            source => vips.For(source, HttpPort),
            Sources(result),
            result.GetValue(RequestsOption),
            result.GetValue(ConcurrencyOption),
            result.GetValue(RateOption),
            result.GetValue(UploadOption));
        using var worker = new HttpWorker(plan, Console.In, Console.Out);
        return await worker.RunAsync();
    }

    private static async Task<int> UdpAsync(ParseResult result)
    {
        var outputLock = new Lock();
        await UdpClients.EchoAsync(Echo(result), Sources(result), result.GetValue(DatagramsOption), reply =>
        {
            lock (outputLock)
                Console.WriteLine(reply.ToLine());
        });
        return 0;
    }

    private static async Task<int> IdentifyServersAsync(ParseResult result)
    {
        var servers = await UdpClients.IdentifyServersAsync(Echo(result), Sources(result));
        Console.WriteLine(JsonSerializer.Serialize(servers));
        return 0;
    }

    private static Func<IPAddress, IPEndPoint> Echo(ParseResult result)
    {
        var vips = Vips(result);
        return source => vips.For(source, EchoPort);
    }

    private static Vips Vips(ParseResult result) => new(result.GetRequiredValue(VipOption));

    private static IReadOnlyList<IPAddress> Sources(ParseResult result) =>
        AddressRange.Addresses(result.GetRequiredValue(SourceOption));
}
