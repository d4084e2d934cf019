#!/bin/sh
echo "$(cat /greeting) from @machine@"
