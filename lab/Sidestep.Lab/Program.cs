using System.CommandLine;
using Sidestep.Lab;
using Sidestep.Lab.Commands;

try
{
    // The lab cleans up on signals itself (see ShutdownSignal). The parser's own handling would end the process
    // earlier.
    return await LabCommands.Root().Parse(args).InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null,
    });
}
catch (LabException e)
{
    ConsoleLog.Error(e.Message);
    return e.ExitCode;
}
catch (OperationCanceledException)
{
    return ShutdownSignal.ExitCode;
}
