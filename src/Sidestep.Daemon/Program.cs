using System.CommandLine;
using System.Runtime.InteropServices;
using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

var config = new Option<string>("--config", "-c")
{
    Description = "The configuration file (docs/configuration.md). The daemon applies every change of the file.",
    Required = true,
};
var root =
    new RootCommand(
    "Sidestep's director: forwards packets for virtual IPs to real servers, which reply to clients directly.")
{
    config,
};
root.SetAction(arguments => RunAsync(arguments.GetValue(config)!));
// RunAsync handles signals: the library would handle them only after the start.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null })
    .ConfigureAwait(false);

static async Task<int> RunAsync(string path)
{
    const int Failed = 1;
    using var stop = new CancellationTokenSource();
    // The registrations are disposed before what they cancel. A signal during the start takes effect after it.
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    var log = new Log(Console.Error, TimeProvider.System);
    using var file = new ConfigurationFile(path, HostInfo.OfThisMachine, TimeProvider.System);
    try
    {
        var result = file.Read();
        foreach (var warning in result.Warnings)
            log.Warning(warning.Format(path, "warning"));
        foreach (var error in result.Errors)
            log.Error(error.Format(path, "error"));
        if (result.Configuration is not { } configuration)
            return Failed;
        // Service managers reload services by SIGHUP, which would otherwise end the process.
        using var reload = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            file.ForceReload();
        });
        await new Director(file, configuration, log).RunAsync(stop.Token).ConfigureAwait(false);
        return 0;
    }
    catch (Exception e) when (e is EngineException or NativeException)
    {
        log.Error(e.Message);
        return Failed;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        log.Error($"{path}: {e.Message}");
        return Failed;
    }
}
